"""Is a finished stretch speech at all? Checks that can be explained in a line.

Ring-back, busy tones, DTMF, fax, beeps and clicks need no check of their own: Silero v6 gives them less than 0.25
(docs/segmentation.md has the figures). What is left are short cries, squeaks and snatches of music that touch the onset
threshold; their probability stays low on average, while that of speech does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from callcore.segment.events import WINDOW_SAMPLES, RefusalReason
from callcore.types import SAMPLE_RATE_HZ

MIN_EVIDENCE_SAMPLES = SAMPLE_RATE_HZ  #: the rest of a cut segment is judged only if it is this long (1 s)


def find_refusal(
    probabilities: Sequence[float], min_mean_probability: float, *, continued: bool
) -> tuple[RefusalReason, str] | None:
    """Why a stretch is not speech, with the figures behind it; None if it is.

    ``probabilities``: of its windows, first to last of speech, at least one. ``continued``: it is the rest of a segment
    cut for its length; its first words were judged with that one, so a short rest is not judged again.
    """
    if continued and len(probabilities) * WINDOW_SAMPLES < MIN_EVIDENCE_SAMPLES:
        return None
    mean = float(np.mean(probabilities))
    if mean < min_mean_probability:
        return RefusalReason.UNSURE, f"mean voice probability {mean:.2f}, needed {min_mean_probability:.2f}"
    return None
