"""How often the cues find the right roles, how sure they say they are, and what they do to customers alone.

``python benchmarks/roles.py SHARED_DATA`` writes benchmarks/results/roles.json. Dialogues: the two calls of
synthetic_zh and the seven MobileCS calls (Mandarin), each whole and cut after the first turns of each side, clean and
with a fifth of the characters wrong, both orders of the channels. Their openings were known when the cues were written;
what is not known beforehand is what customers alone say, who must not be called agents: conversations of MultiDoGO
(English) and questions of the BQ corpus (Mandarin).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from callcore.roles import RoleCues, agent_evidence, assign_roles
from callcore.types import Role

RESULTS = Path(__file__).parent / "results" / "roles.json"
LENGTHS = (1, 2, 3, 5, 100)
COPIES = 5
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)

Dialogue = tuple[list[str], list[str]]


def corrupted(text: str, generator: random.Random, alphabet: str, rate: float = 0.2) -> str:
    """The text with ``rate`` of its characters wrong: three substitutions to one deletion and one insertion."""
    written: list[str] = []
    for character in text:
        chance = generator.random() / rate
        if chance >= 1:
            written.append(character)
        elif chance < 0.6:
            written.append(generator.choice(alphabet))
        elif chance < 0.8:
            written += [character, generator.choice(alphabet)]
    return "".join(written)


def dialogues(data: Path) -> Iterator[tuple[str, Dialogue]]:
    """Name, and what agent and customer said."""
    for path in sorted((data / "synthetic_zh" / "calls").glob("*.json")):
        turns = json.loads(path.read_text(encoding="utf-8"))["turns"]
        sides = [[t["text"] for t in turns if t["role"] == role] for role in ("agent", "customer")]
        yield f"synthetic {path.stem}", (sides[0], sides[1])
    for call in json.loads((data / "intent_zh" / "mobilecs_dialogs.json").read_text(encoding="utf-8")):
        agent = [turn["[SPEAKER 1]"] for turn in call["content"] if "[SPEAKER 1]" in turn]
        customer = [turn["[SPEAKER 2]"] for turn in call["content"] if "[SPEAKER 2]" in turn]
        yield f"mobilecs {call['id'][:8]}", (agent, customer)


def trials(data: Path, cues: RoleCues) -> list[dict[str, Any]]:
    """Every dialogue, length, corruption and order, with what was decided."""
    generator = random.Random(3)
    found: list[dict[str, Any]] = []
    for name, (agent, customer) in dialogues(data):
        alphabet = "".join(agent + customer)
        for length in LENGTHS:
            for copy in range(COPIES + 1):
                sides = [agent[:length], customer[:length]]
                if copy:
                    sides = [[corrupted(turn, generator, alphabet) for turn in side] for side in sides]
                for agent_channel in (0, 1):
                    texts = {agent_channel: sides[0], 1 - agent_channel: sides[1]}
                    decided = assign_roles(texts, None, cues, 0.0)
                    found.append(
                        {
                            "name": name,
                            "turns": length,
                            "corrupted": copy > 0,
                            "confidence": decided.confidence,
                            "right": decided.roles[agent_channel] is Role.AGENT,
                            "decided": decided.roles[agent_channel] is not Role.UNKNOWN,
                        }
                    )
    return found


def summary(found: Sequence[dict[str, Any]], least: float) -> dict[str, float | int]:
    """How many were decided at a confidence, and how many of those rightly."""
    decided = [one for one in found if one["decided"] and one["confidence"] >= least]
    right = sum(one["right"] for one in decided)
    return {"trials": len(found), "decided": len(decided), "right": right, "wrong": len(decided) - right}


def customers(data: Path) -> dict[str, list[list[str]]]:
    """What customers said, a list of turns each."""
    with (data / "intent_en" / "multidogo_finance_test.tsv").open(encoding="utf-8", newline="") as file:
        conversations: dict[str, list[str]] = {}
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            conversations.setdefault(row["conversation"], []).append(row["text"])
    with (data / "intent_zh" / "bq_corpus_test.tsv").open(encoding="utf-8", newline="") as file:
        questions = [row["sentence1"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)][:2000]
    grouped = [questions[i : i + 5] for i in range(0, len(questions), 5)]
    return {"multidogo_finance_test": list(conversations.values()), "bq_corpus_test, five questions": grouped}


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the shared data folder")
    data = parser.parse_args().data
    cues = RoleCues.load()
    found = trials(data, cues)
    reliability = []
    for low, high in pairwise(BINS):
        inside = [one for one in found if low <= one["confidence"] < high and one["decided"]]
        if inside:
            said = sum(one["confidence"] for one in inside) / len(inside)
            reliability.append(
                {"from": low, "trials": len(inside), "mean confidence": round(said, 3),
                 "right": round(sum(one["right"] for one in inside) / len(inside), 3)}
            )  # fmt: skip
    result = {
        "at confidence 0.8": {
            f"{kind}, {length} turns a side": summary(
                [o for o in found if o["turns"] == length and o["corrupted"] == wrong], 0.8
            )
            for kind, wrong in (("clean", False), ("a fifth wrong", True))
            for length in LENGTHS
        },
        "reliability": reliability,
        "customers alone": {
            name: {
                "conversations": len(all_turns),
                "agent-like (evidence > 0)": sum(agent_evidence(turns, cues) > 0 for turns in all_turns),
                "customer-like (evidence < 0)": sum(agent_evidence(turns, cues) < 0 for turns in all_turns),
                "called agent at 0.8": sum(
                    assign_roles({0: turns, 1: []}, None, cues).roles[0] is Role.AGENT for turns in all_turns
                ),
            }
            for name, all_turns in customers(data).items()
        },
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
