"""Plain sentences from the phrases of a topic and the sentences that carry them: what the written turns leave out.

The written turns are chosen to differ from one another; these give every word of the trade its plain use.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from callcore.evaluate.labelled import LabelledTurn
from callcore.evaluate.slots import fill

HERE = Path(__file__).parent
_WISH_INTENTS = {"-": "cancel", "=": "change"}
NAMED_SHARE = 0.4  #: of the things that are said with their product's name
_KINDS = (("things", "{thing}"), ("wishes", "{wish}"), ("troubles", "{trouble}"))


def generated_turns(language: str, uses: int, seed: int) -> list[LabelledTurn]:
    """Turns in which every phrase of a language stands ``uses`` times, each time in another sentence."""
    phrases = tomllib.loads((HERE / f"phrases_{language}.toml").read_text(encoding="utf-8"))
    carriers = tomllib.loads((HERE / f"carriers_{language}.toml").read_text(encoding="utf-8"))["carrier"]
    random = Random(seed)
    found: dict[str, LabelledTurn] = {}
    for topic, kinds in phrases.items():
        for turn in _of_topic(topic, kinds, carriers, language, uses, random):
            found.setdefault(turn.text, turn)
    return list(found.values())


def _of_topic(
    topic: str,
    kinds: Mapping[str, str],
    carriers: Sequence[Mapping[str, Any]],
    language: str,
    uses: int,
    random: Random,
) -> Iterator[LabelledTurn]:
    options = {kind: _phrases(kinds[kind], language) for kind, _ in _KINDS}
    names = _phrases(kinds["names"], language) if "names" in kinds else []
    for kind, slot in _KINDS:
        fitting = [(carrier, line) for carrier in carriers for line in _lines(carrier) if slot in line]
        for phrase in options[kind]:
            for carrier, line in random.sample(fitting, min(uses, len(fitting))):
                chosen = {other: random.choice(options[other]) for other, _ in _KINDS} | {kind: phrase}
                if names and random.random() < NAMED_SHARE:
                    chosen["things"] = _named(chosen["things"], random.choice(names))
                yield _turn(topic, carrier, line, chosen, language, random)


def _named(thing: str, name: str) -> str:
    """The thing with its product's name, unless it has it."""
    product = name.replace("{}", "").strip(" 的")
    return thing if any(word in thing for word in product.split()) else name.replace("{}", thing)


def _phrases(text: str, language: str) -> list[str]:
    return text.split() if language == "zh" else [part.strip() for part in text.split(",") if part.strip()]


def _lines(carrier: Mapping[str, Any]) -> list[str]:
    return [line.strip() for line in str(carrier["lines"]).splitlines() if line.strip()]


def _turn(
    topic: str, carrier: Mapping[str, Any], line: str, chosen: Mapping[str, str], language: str, random: Random
) -> LabelledTurn:
    wish = chosen["wishes"]
    for kind, slot in _KINDS:
        line = line.replace(slot, chosen[kind].lstrip("-="))
    intents = tuple(_WISH_INTENTS.get(wish[0], "request_action") if i == "wish" else i for i in carrier["intents"])
    mask = carrier.get("mask", ())
    return LabelledTurn(
        text=fill(line, language, random),
        category=None if "category" in mask else carrier["category"],
        topics=(topic,),
        intents=None if "intents" in mask else intents,
        caller=None if "emotion" in mask else carrier.get("caller", "none"),
        emotion=None if "emotion" in mask else carrier.get("emotion", "calm"),
        in_scope=True,
        source=f"phrases_{language}",
    )
