"""Voice activity and endpointing: samples in, speech segments out."""

from callcore.segment.events import (
    WINDOW_SAMPLES,
    RefusalReason,
    ScorerStream,
    SegmentClosed,
    SegmentEvent,
    SegmentOpened,
    SegmentRefused,
    SpeechScorer,
)
from callcore.segment.scripted import ScriptedScorer
from callcore.segment.segmenter import Segmenter

__all__ = [
    "WINDOW_SAMPLES",
    "RefusalReason",
    "ScorerStream",
    "ScriptedScorer",
    "SegmentClosed",
    "SegmentEvent",
    "SegmentOpened",
    "SegmentRefused",
    "Segmenter",
    "SpeechScorer",
]
