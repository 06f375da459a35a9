"""Simulated calls: how a caller's mood goes, turn by turn, and what two noisy scores make of it.

Each of the calls below is a line of what happens; the length, the pauses and the errors of the scores are drawn. The
numbers are valences (arousal follows them: the worse, the more excited, from -0.35 down).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

from callcore.types import SAMPLE_RATE_HZ, Mood, Understanding

KINDS = ("calm", "escalating", "recovering")

#: What the true valence does, as (share of the call, valence) points joined by straight lines.
COURSES: dict[str, dict[str, tuple[tuple[float, float], ...]]] = {
    "calm": {
        "balance question": ((0, 0.0), (1, 0.2)),
        "limit question": ((0, 0.05), (1, 0.15)),
        "card delivery": ((0, -0.05), (1, 0.1)),
        "lost card, composed": ((0, -0.25), (0.3, -0.2), (1, 0.1)),
        "fraud worry, soon settled": ((0, -0.3), (0.4, -0.2), (1, 0.15)),
        "instalment offer": ((0, 0.0), (0.5, -0.1), (1, 0.0)),
        "mortgage rate": ((0, 0.0), (0.5, -0.15), (1, 0.0)),
        "app will not open": ((0, -0.2), (0.5, -0.2), (1, 0.05)),
        "transfer not arrived": ((0, -0.2), (0.4, -0.25), (1, 0.0)),
        "forgotten password": ((0, -0.1), (1, 0.2)),
        "confused by the bill": ((0, -0.15), (0.6, -0.2), (1, 0.1)),
        "address change": ((0, 0.05), (1, 0.1)),
        "praise for the branch": ((0, 0.4), (1, 0.5)),
        "wealth product": ((0, 0.0), (1, 0.05)),
        "points exchange": ((0, 0.1), (1, 0.2)),
        "account opening": ((0, 0.0), (1, 0.1)),
        "frozen account, patient": ((0, -0.25), (0.5, -0.25), (1, -0.1)),
        "small complaint, civil": ((0, -0.3), (0.3, -0.25), (1, -0.05)),
        "suggestion": ((0, 0.0), (0.5, -0.1), (1, 0.1)),
        "statement by mail": ((0, 0.0), (1, 0.0)),
        "early repayment": ((0, 0.0), (0.5, 0.05), (1, 0.1)),
        "elderly caller, slow": ((0, -0.05), (0.5, -0.15), (1, 0.15)),
        "dry caller": ((0, -0.15), (1, -0.15)),
        "joking caller": ((0, 0.3), (1, 0.3)),
    },
    "escalating": {
        "asked for the same thing thrice": ((0, 0.0), (0.3, -0.2), (0.7, -0.6), (1, -0.8)),
        "passed on again": ((0, -0.1), (0.5, -0.4), (1, -0.8)),
        "fee not taken back": ((0, 0.0), (0.4, -0.1), (0.6, -0.5), (1, -0.7)),
        "stolen money, no answer": ((0, -0.3), (0.4, -0.6), (1, -0.9)),
        "collection call": ((0, -0.2), (0.3, -0.5), (1, -0.8)),
        "limit cut without notice": ((0, 0.0), (0.2, -0.3), (0.6, -0.6), (1, -0.7)),
        "rude clerk": ((0, -0.4), (0.5, -0.6), (1, -0.8)),
        "loan refused": ((0, 0.1), (0.5, 0.0), (0.7, -0.5), (1, -0.8)),
        "app update lost the payee list": ((0, -0.1), (0.6, -0.4), (1, -0.6)),
        "two hours at the branch": ((0, -0.3), (0.5, -0.5), (1, -0.7)),
        "wealth product lost money": ((0, -0.2), (0.5, -0.5), (1, -0.8)),
        "slow burn": ((0, 0.0), (0.8, -0.4), (1, -0.6)),
        "late burst": ((0, 0.0), (0.75, -0.1), (0.85, -0.7), (1, -0.9)),
        "leaves the bank": ((0, -0.1), (0.4, -0.5), (1, -0.6)),
    },
    "recovering": {
        "refund agreed": ((0, -0.1), (0.3, -0.6), (0.5, -0.6), (0.65, 0.1), (1, 0.3)),
        "apology and a date": ((0, -0.3), (0.35, -0.7), (0.6, -0.2), (1, 0.1)),
        "right clerk found": ((0, 0.0), (0.4, -0.6), (0.55, -0.1), (1, 0.2)),
        "misunderstanding cleared": ((0, 0.0), (0.3, -0.5), (0.45, -0.5), (0.6, 0.2), (1, 0.3)),
        "card unlocked": ((0, -0.3), (0.4, -0.7), (0.6, 0.2), (1, 0.4)),
        "fee taken back": ((0, -0.2), (0.35, -0.6), (0.5, -0.5), (0.7, 0.2), (1, 0.3)),
        "told what happens next": ((0, -0.2), (0.4, -0.6), (0.7, -0.1), (1, 0.05)),
        "thanks at the end": ((0, -0.1), (0.45, -0.7), (0.6, 0.0), (1, 0.5)),
    },
}


@dataclass(frozen=True, slots=True)
class Noise:
    """Errors of the fused score: shrinking towards 0, spread, and how often it is plainly wrong."""

    shrink: float = 0.8
    spread: float = 0.2
    wrong: float = 0.08  #: share of turns whose valence is drawn from -0.8 to 0.6 whatever was true


@dataclass(frozen=True, slots=True)
class Call:
    """The caller's turns; where the mood truly turned, was worst, and was well again (seconds; None: never)."""

    turns: tuple[Understanding, ...]
    seconds: float
    turned_s: float | None
    worst_s: float | None
    calmed_s: float | None


def simulate(kind: str, name: str, seed: int, noise: Noise | None = None) -> Call:
    """One call; the same for the same arguments."""
    draw = random.Random(f"{kind}/{name}/{seed}")
    points, errors = COURSES[kind][name], noise or Noise()
    count = draw.randint(12, 32)
    at_s, turns, truths = draw.uniform(3, 8), [], []
    for index in range(count):
        short = draw.random() < 0.3  # "mm", "yes"
        length_s = draw.uniform(0.3, 0.9) if short else draw.lognormvariate(1.1, 0.6)
        true = _at(points, index / (count - 1))
        mood = noisy_mood(draw, errors, 0.3 * true if short else true)
        end_s = at_s + length_s
        turns.append(
            Understanding(
                index, 1, int(at_s * SAMPLE_RATE_HZ), int(end_s * SAMPLE_RATE_HZ), "zh", text_mood=mood, mood=mood
            )
        )
        truths.append((end_s, true))
        at_s = end_s + draw.lognormvariate(1.6, 0.6)
    turned = worst = calmed = None
    if kind != "calm":
        worst_at = min(range(count), key=lambda place: truths[place][1])
        worst = truths[worst_at][0]
        start = truths[0][1]
        turned = next(end for end, true in truths if true <= min(start, 0.0) - 0.1 or true <= -0.35)
        if kind == "recovering":
            calmed = next((end for end, true in truths[worst_at:] if true >= -0.1), None)
    return Call(tuple(turns), at_s, turned, worst, calmed)


def _at(points: tuple[tuple[float, float], ...], share: float) -> float:
    for (left, low), (right, high) in pairwise(points):
        if share <= right:
            return low + (high - low) * (share - left) / (right - left)
    return points[-1][1]


def noisy_mood(draw: random.Random, noise: Noise, true: float) -> Mood:
    """The fused mood of a turn whose valence is ``true``, with the errors of ``noise``."""
    valence = draw.uniform(-0.8, 0.6) if draw.random() < noise.wrong else noise.shrink * true
    valence = max(-1.0, min(1.0, draw.gauss(valence, noise.spread)))
    arousal = max(-1.0, min(1.0, draw.gauss(max(0.0, -true - 0.35), noise.spread)))
    label = "dissatisfied" if valence < -0.35 else "pleased" if valence > 0.4 else "calm"
    return Mood(label, round(draw.uniform(0.5, 0.95), 3), round(valence, 3), round(arousal, 3), source="simulated")
