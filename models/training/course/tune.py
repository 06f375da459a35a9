"""Sets the limits of the mood course on simulated calls and measures them on others.

    python -m models.training.course.tune --out models/training/course/results.json

The limit of the warning is the lowest whose false alarms on the tuning calls stay below --false-per-hour.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from callcore.evaluate.mood import CourseOutcome, courses
from callcore.types import SAMPLE_RATE_HZ
from callcore.understand.mood.course import CourseSettings, MoodCourse
from models.training.course.calls import COURSES, Call, Noise, simulate

TUNE_SEEDS, TEST_SEEDS = range(40), range(1000, 1040)
ONE_IN = 10
ALERTS = ("worsening", "recovered")
NOISES = {"usual": Noise(), "weak model": Noise(0.6, 0.3, 0.15)}


def calls(seeds: Sequence[int], noise: Noise | None = None) -> list[Call]:
    """Every course, once a seed."""
    return [simulate(kind, name, seed, noise) for kind in COURSES for name in COURSES[kind] for seed in seeds]


def outcome(call: Call, settings: CourseSettings) -> CourseOutcome:
    """What a course tells of a call."""
    course = MoodCourse(1, settings)
    told = [alert for alert in map(course.add, call.turns) if alert]
    at = {kind: [one.at_sample / SAMPLE_RATE_HZ for one in told if one.kind == kind] for kind in ALERTS}
    return CourseOutcome(call.seconds, call.turned_s, call.worst_s, at["worsening"], call.calmed_s, at["recovered"])


def right_share(results: Sequence[CourseOutcome]) -> float:
    """Share of warnings that are right where one call in :data:`ONE_IN` turns bad."""
    turned = [one for one in results if one.turned_s is not None]
    found = sum(1 for one in turned if any(at >= (one.turned_s or 0.0) for at in one.alerts_s)) / len(turned)
    calm = [one for one in results if one.turned_s is None]
    wrong = sum(len(one.alerts_s) for one in calm) / len(calm)
    return found / (found + wrong * (ONE_IN - 1))


def main() -> None:
    """Tune, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--false-per-hour", type=float, default=0.25, help="false warnings an hour of calm calls")
    options = parser.parse_args()
    tuning = calls(TUNE_SEEDS)
    settings = CourseSettings()
    table = {}
    for step in range(6, 31):
        settings = replace(CourseSettings(), limit=step / 20)
        figures = courses([outcome(call, settings) for call in tuning])
        table[settings.limit] = figures
        if figures["calm_false_alarms_per_hour"] <= options.false_per_hour:
            break
    results = [outcome(call, settings) for call in tuning]
    told = sum(len(one.recoveries_s) for one in results)
    false = courses(results)["false_recoveries"]
    chosen = {
        "limit": settings.limit,
        "warning_right": round(right_share(results), 3),
        "recovery_right": round(1 - false / told, 3) if told else None,
    }
    tests = {}
    for name, noise in NOISES.items():
        for kind in COURSES:
            part = [call for call in calls(TEST_SEEDS, noise) if _kind(call) == kind]
            tests[f"{name}, {kind}"] = courses([outcome(call, CourseSettings()) for call in part])
        tests[name] = courses([outcome(call, CourseSettings()) for call in calls(TEST_SEEDS, noise)])
    content = {"chosen": chosen, "tuning": {f"{limit:.2f}": row for limit, row in table.items()}, "test": tests}
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(chosen))


def _kind(call: Call) -> str:
    return "calm" if call.turned_s is None else "escalating" if call.calmed_s is None else "recovering"


if __name__ == "__main__":
    main()
