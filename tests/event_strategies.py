"""Hypothesis strategies for every kind of event."""

from __future__ import annotations

from hypothesis import strategies as st

from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Entity,
    Evidence,
    FieldStatus,
    FieldValue,
    Final,
    Incident,
    Label,
    LanguageDecided,
    Mood,
    MoodAlert,
    Partial,
    Paused,
    Promise,
    Rejected,
    Resolved,
    Resumed,
    Revision,
    Role,
    RolesAssigned,
    TicketChanged,
    Turn,
    Understanding,
    UnderstandingPreview,
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
    st.dates().map(str),
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

PLACES = st.integers(0, 50)
LABELS = st.builds(Label, NAMES, PROBABILITIES, PLACES, PLACES)
LABEL_TUPLES = st.lists(LABELS, max_size=2).map(tuple)
MOODS = st.builds(Mood, NAMES, PROBABILITIES, FLOATS, FLOATS, PLACES, PLACES, TEXT)
ENTITIES = st.builds(
    Entity,
    NAMES,
    TEXT,
    TEXT,
    PROBABILITIES,
    POSITIONS,
    POSITIONS,
    PLACES,
    PLACES,
    st.none() | st.booleans(),
    st.sampled_from(["said", "corrected", "confirmed", "disputed"]),
    TEXT,
    st.lists(PLACES, max_size=2).map(tuple),
)
UNDERSTANDINGS = st.builds(
    Understanding,
    st.integers(0, 10_000),
    CHANNELS,
    POSITIONS,
    POSITIONS,
    NAMES,
    st.none() | LABELS,
    LABEL_TUPLES,
    LABEL_TUPLES,
    LABEL_TUPLES,
    st.none() | LABELS,
    PROBABILITIES,
    st.none() | MOODS,
    st.none() | MOODS,
    st.none() | MOODS,
    st.lists(ENTITIES, max_size=2).map(tuple),
    TEXT,
)
PREVIEWS = st.builds(UnderstandingPreview, NAMES, UNDERSTANDINGS)
ALERTS = st.builds(
    MoodAlert,
    st.sampled_from(["worsening", "recovered"]),
    CHANNELS,
    POSITIONS,
    PROBABILITIES,
    st.lists(PLACES, max_size=3).map(tuple),
)
RESOLUTIONS = st.builds(
    Resolved, PLACES, PLACES, st.sampled_from(["corrected", "confirmed", "disputed"]), TEXT, PLACES, PROBABILITIES
)
INCIDENTS = st.builds(
    Incident,
    st.sampled_from(["interruption", "dead_air", "hold", "music"]),
    st.none() | CHANNELS,
    POSITIONS,
    POSITIONS,
    st.dictionaries(TEXT, FLOATS, max_size=2),
)
EVIDENCE = st.lists(
    st.builds(Evidence, st.integers(-1, 10_000), CHANNELS, POSITIONS, POSITIONS, PLACES, PLACES), max_size=2
).map(tuple)
FIELD_VALUES = st.builds(FieldValue, NAMES, TEXT, TEXT, PROBABILITIES, st.sampled_from(FieldStatus), EVIDENCE, TEXT)
PROMISES = st.builds(Promise, NAMES, NAMES, st.sampled_from(Role), TEXT, TEXT, PROBABILITIES, EVIDENCE, TEXT)
TICKETS = st.builds(
    TicketChanged,
    POSITIONS,
    st.lists(FIELD_VALUES, max_size=2).map(tuple),
    st.lists(NAMES, max_size=2).map(tuple),
    st.lists(PROMISES, max_size=2).map(tuple),
    st.lists(NAMES, max_size=2).map(tuple),
)

LATER_EVENTS = WARNINGS | LANGUAGES | FINALS | REVISIONS | REJECTIONS | TURNS | ROLES | PAUSES
LATER_EVENTS |= UNDERSTANDINGS | ALERTS | RESOLUTIONS | INCIDENTS
EVENTS = STARTS | LATER_EVENTS | PARTIALS | PREVIEWS | TICKETS | ENDS
