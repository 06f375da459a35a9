"""Hypothesis strategies for every kind of event."""

from __future__ import annotations

from hypothesis import strategies as st

from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Final,
    LanguageDecided,
    Partial,
    Paused,
    Rejected,
    Resumed,
    Revision,
    Role,
    RolesAssigned,
    Turn,
    WarningKind,
    Word,
)

# Text includes what is not UTF-8 (file names), quotes, control characters and characters beyond the first plane.
TEXT = st.text(st.characters(), max_size=30)
NAMES = st.text(st.characters(categories=["L", "N"]), max_size=12)
POSITIONS = st.integers(0, 16_000 * 36_000)
CHANNELS = st.integers(0, 7)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PROBABILITIES = st.floats(0, 1)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
WORDS = st.builds(Word, TEXT, POSITIONS, POSITIONS, PROBABILITIES, st.booleans())
WORD_TUPLES = st.lists(WORDS, max_size=4).map(tuple)

STARTS = st.builds(
    CallStarted,
    NAMES,
    TEXT,
    st.integers(1, 8),
    st.integers(8000, 48_000),
    NAMES,
    NAMES,
    NAMES,
    st.dictionaries(TEXT, JSON_VALUES, max_size=4),
)
WARNINGS = st.builds(
    AudioWarning,
    st.sampled_from(WarningKind),
    TEXT,
    st.none() | CHANNELS,
    POSITIONS,
    st.dictionaries(TEXT, FLOATS, max_size=3),
)
LANGUAGES = st.builds(LanguageDecided, NAMES, PROBABILITIES, st.none() | CHANNELS)
FINALS = st.builds(
    Final, NAMES, CHANNELS, POSITIONS, POSITIONS, TEXT, WORD_TUPLES, NAMES, FLOATS, PROBABILITIES, PROBABILITIES
)
REJECTIONS = st.builds(Rejected, NAMES, CHANNELS, POSITIONS, POSITIONS, NAMES, TEXT, st.integers(0, 1000))
TURNS = st.builds(
    Turn,
    st.integers(0, 10_000),
    CHANNELS,
    POSITIONS,
    POSITIONS,
    TEXT,
    WORD_TUPLES,
    NAMES,
    st.lists(NAMES, max_size=3).map(tuple),
)
ROLES = st.builds(
    RolesAssigned, st.dictionaries(CHANNELS, st.sampled_from(Role), max_size=3), PROBABILITIES, st.just("cues")
)
ENDS = st.builds(CallEnded, POSITIONS, st.integers(0, 10_000))

PARTIALS = st.builds(Partial, NAMES, CHANNELS, POSITIONS, POSITIONS, WORD_TUPLES, WORD_TUPLES, NAMES)
REVISIONS = st.builds(Revision, NAMES, CHANNELS, POSITIONS, POSITIONS, WORD_TUPLES, st.integers(1, 100))
PAUSES = st.builds(Paused, POSITIONS) | st.builds(Resumed, POSITIONS)

LATER_EVENTS = WARNINGS | LANGUAGES | FINALS | REVISIONS | REJECTIONS | TURNS | ROLES | PAUSES
EVENTS = STARTS | LATER_EVENTS | PARTIALS | ENDS
