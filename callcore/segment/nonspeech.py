from __future__ import annotations
import numpy as np
from callcore.segment.events import RefusalReason
def find_refusal(audio, probabilities, settings, *, continued):
    mean=float(np.mean(probabilities))
    if mean < settings.min_mean_probability: return RefusalReason.UNSURE, f"mean {mean:.2f}"
    return None
