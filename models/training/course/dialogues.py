"""False warnings on real conversations that do not turn bad.

    python -m models.training.course.dialogues --data SHARED_DATA --out models/training/course/dialogues.json

MultiDoGO finance (customers of a bank, every conversation) and CPED (speakers of television dialogues with at most one
utterance marked negative). They are text, so lengths are those of reading aloud, and the moods are what the sets say
(MultiDoGO: neutral) with the errors of :class:`Noise`; with a text model, pass its moods to :func:`figures`.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callcore.evaluate.mood import CourseOutcome, courses
from callcore.types import SAMPLE_RATE_HZ, Mood, Understanding
from callcore.understand.mood.course import MoodCourse
from models.training.course.calls import Noise, noisy_mood

VALENCE = {"positive": 0.5, "neutral": 0.0, "negative": -0.5}
WORD_S, HAN_S, OTHERS_S = 0.35, 0.22, 6.0  #: length of a word, of a character; of what the other side says
LEAST_TURNS = 4

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
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
