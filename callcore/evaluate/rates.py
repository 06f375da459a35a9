"""Error counts, their sums, and how sure the sums are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import jiwer
import numpy as np

from callcore.evaluate.normalise import Normaliser

RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Counts:
    """Errors against a reference of ``units`` units, of which ``digit_units`` are digits."""

    units: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    digit_units: int = 0
    digit_errors: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors per unit of the reference; can pass 1. None without a reference."""
        return self.errors / self.units if self.units else None

    @property
    def digit_rate(self) -> float | None:
        """The rate of digits alone."""
        return self.digit_errors / self.digit_units if self.digit_units else None

    @property
    def other_rate(self) -> float | None:
        """The rate of everything but digits."""
        others = self.units - self.digit_units
        return (self.errors - self.digit_errors) / others if others else None


def compare(reference: str, hypothesis: str, normaliser: Normaliser) -> Counts:
    """Errors of a hypothesis; see :func:`compare_units`."""
    return compare_units(normaliser.units(reference), normaliser.units(hypothesis), normaliser)


def compare_units(wanted: Sequence[str], heard: Sequence[str], normaliser: Normaliser) -> Counts:
    """Errors of a hypothesis by the fewest edits (Levenshtein) over the normaliser's units.

    An error concerns a digit if the reference unit substituted or deleted, or the unit inserted, is one.
    """
    digits = sum(map(normaliser.is_digit, wanted))
    if not wanted:
        return Counts(insertions=len(heard), digit_errors=sum(map(normaliser.is_digit, heard)))
    aligned = jiwer.process_words(" ".join(wanted), " ".join(heard))
    digit_errors = 0
    for chunk in aligned.alignments[0]:
        if chunk.type == "insert":
            digit_errors += sum(map(normaliser.is_digit, heard[chunk.hyp_start_idx : chunk.hyp_end_idx]))
        elif chunk.type != "equal":
            digit_errors += sum(map(normaliser.is_digit, wanted[chunk.ref_start_idx : chunk.ref_end_idx]))
    return Counts(len(wanted), aligned.substitutions, aligned.deletions, aligned.insertions, digits, digit_errors)


def interval(files: Sequence[Counts], seed: int = 1) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the micro-averaged rate: files drawn with replacement, :data:`RESAMPLES` times.

    None for fewer than two files with a reference (Bisani & Ney, "Bootstrap estimates for confidence intervals in ASR
    performance evaluation", 2004).
    """
    counted = [(one.errors, one.units) for one in files if one.units]
    if len(counted) < 2:
        return None
    errors, units = np.asarray(counted, dtype=np.int64).T
    drawn = np.random.default_rng(seed).integers(0, len(counted), size=(RESAMPLES, len(counted)))
    rates = errors[drawn].sum(axis=1) / units[drawn].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    return float(low), float(high)
