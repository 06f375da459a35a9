"""False warnings on real conversations that do not turn bad.

    python -m models.training.course.dialogues --data SHARED_DATA --out models/training/course/dialogues.json

MultiDoGO finance (customers of a bank, every conversation) and CPED (speakers of television dialogues with at most one
utterance marked negative). They are text, so lengths are those of reading aloud. The moods are what the sets say
(MultiDoGO: neutral) with the errors of :class:`Noise`, and those that the text models read. The written calls with gold
tickets (benchmarks/written_calls), read by the models too: their customers are calm throughout, or turn bad somewhere.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from callcore.config import Settings
from callcore.evaluate.mood import CourseOutcome, courses
from callcore.loading import load_understander
from callcore.types import SAMPLE_RATE_HZ, Mood, Understanding
from callcore.understand.base import TextModel
from callcore.understand.entities import plain_words
from callcore.understand.mood.course import MoodCourse
from models.training.course.calls import Noise, noisy_mood

VALENCE = {"positive": 0.5, "neutral": 0.0, "negative": -0.5}
WORD_S, HAN_S, OTHERS_S = 0.35, 0.22, 6.0  #: length of a word, of a character; of what the other side says
LEAST_TURNS = 4
CALLS = Path(__file__).parents[3] / "benchmarks" / "written_calls"
BAD = ("angry", "dissatisfied", "disappointed")

Dialogue = list[tuple[str, float]]  #: text and valence of one speaker's turns
Judge = Callable[[str, float], Mood]  #: mood of a text whose true valence is known


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def multidogo(data: Path) -> list[Dialogue]:
    """The customers of the finance conversations, all parts."""
    found: dict[str, Dialogue] = defaultdict(list)
    for path in sorted((data / "intent_en").glob("multidogo_finance_*.tsv")):
        for row in _rows(path):
            found[row["conversation"]].append((row["text"] or "", 0.0))
    return [turns for turns in found.values() if len(turns) >= LEAST_TURNS]


def cped(data: Path) -> list[Dialogue]:
    """Speakers of a dialogue with at most one negative utterance."""
    found: dict[tuple[str, str, str], Dialogue] = defaultdict(list)
    for path in sorted((data / "emotion_text_zh").glob("cped_*.tsv")):
        for row in _rows(path):
            key = (path.name, row["dialogue"], row["speaker"])
            found[key].append((row["text"] or "", VALENCE.get(row["sentiment"] or "", 0.0)))
    calm = (turns for turns in found.values() if sum(1 for _, valence in turns if valence < 0) <= 1)
    return [turns for turns in calm if len(turns) >= LEAST_TURNS]


def figures(dialogues: list[Dialogue], judge: Judge, unit_s: float) -> dict[str, Any]:
    """Warnings over these dialogues, every one of them false."""
    outcomes = []
    for dialogue in dialogues:
        course, at_s, alerts = MoodCourse(0), 0.0, []
        for index, (text, valence) in enumerate(dialogue):
            units = len(text.split()) if unit_s == WORD_S else len(text)
            start, at_s = at_s, at_s + max(0.3, units * unit_s)
            mood = judge(text, valence)
            span = int(start * SAMPLE_RATE_HZ), int(at_s * SAMPLE_RATE_HZ)
            alert = course.add(Understanding(index, 0, *span, "", text_mood=mood, mood=mood))
            if alert and alert.kind == "worsening":
                alerts.append(at_s)
            at_s += OTHERS_S
        outcomes.append(CourseOutcome(at_s, None, None, alerts))
    return courses(outcomes)


def noise(errors: Noise) -> Judge:
    """A judge that knows the truth and errs as ``errors`` says; the same for the same run."""
    draw = random.Random(0)
    return lambda _text, valence: noisy_mood(draw, errors, valence)


def read_by(model: TextModel, threshold: float) -> Judge:
    """A judge that reads the text and knows nothing else."""

    def judge(text: str, _valence: float) -> Mood:
        scores = model.score(plain_words(text))
        label, probability = max(scores.heads["emotion"].items(), key=lambda item: item[1])
        label = label if probability >= threshold else ""
        return Mood(label, probability, scores.valence, scores.arousal)

    return judge


def written_calls(folder: Path, judges: Mapping[str, Judge]) -> list[CourseOutcome]:
    """Warnings over calls with gold tickets: a customer whose worst mood is none of :data:`BAD` never turns.

    Where one turns bad the mark does not say; any warning of such a call counts as found.
    """
    outcomes = []
    for file in sorted(folder.glob("*/*.json")):
        call = json.loads(file.read_text(encoding="utf-8"))
        course, alerts = MoodCourse(0), []
        for index, turn in enumerate(turn for turn in call["turns"] if turn["speaker"] == "customer"):
            mood = judges[call["language"]](turn["text"], 0.0)
            span = int(turn["start_s"] * SAMPLE_RATE_HZ), int(turn["end_s"] * SAMPLE_RATE_HZ)
            alert = course.add(Understanding(index, 0, *span, "", text_mood=mood, mood=mood))
            if alert and alert.kind == "worsening":
                alerts.append(turn["end_s"])
        bad = call["gold"]["fields"].get("caller.mood_worst") in BAD
        outcomes.append(CourseOutcome(call["turns"][-1]["end_s"], 0.0 if bad else None, None, alerts))
    return outcomes


def main() -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    sets = {"multidogo finance": (multidogo(options.data), WORD_S), "cped": (cped(options.data), HAN_S)}
    levels = {"usual": Noise(), "weak model": Noise(0.6, 0.3, 0.15)}
    results = {
        f"{name}, {level}": figures(dialogues, noise(errors), unit_s)
        for name, (dialogues, unit_s) in sets.items()
        for level, errors in levels.items()
    }
    understander = load_understander(Settings())
    judges = {
        language: read_by(understander.models[language], understander.models[language].thresholds["emotion"])
        for language in ("zh", "en")
    }
    results |= {
        f"{name}, text model": figures(dialogues, judges["en" if unit_s == WORD_S else "zh"], unit_s)
        for name, (dialogues, unit_s) in sets.items()
    }
    results["written calls, text model"] = courses(written_calls(CALLS, judges))
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
