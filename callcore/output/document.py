"""JSON: one versioned document a call (``transcript.schema.json`` beside this file), and the events one a line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from callcore.output.labels import channels_of, record_labels
from callcore.output.meaning import meaning
from callcore.record import CallRecord
from callcore.types import SAMPLE_RATE_HZ, Event, Turn, Word, seconds
from callcore.wire import WIRE_VERSION, to_wire

FORMAT_NAME = "callcore.transcript"
DOCUMENT_VERSION = 1  #: raised when the meaning of a field changes or one goes; new fields do not raise it

# Line ends of Unicode that JSON leaves alone inside strings but line-wise readers may split at.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


def render_json(record: CallRecord) -> str:
    """The call as one JSON document; every list item stands on a line of its own."""
    blocks = []
    for key, value in document(record).items():
        if isinstance(value, list) and value:
            items = ",\n  ".join(_dump(item) for item in value)
            blocks.append(f" {_dump(key)}: [\n  {items}\n ]")
        else:
            blocks.append(f" {_dump(key)}: {_dump(value)}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def render_jsonl(record: CallRecord) -> str:
    """The events in wire form, one a line; the first line also carries ``wire_version``."""
    lines = [to_wire(event) for event in events(record)]
    if lines:
        lines[0]["wire_version"] = WIRE_VERSION
    return "".join(_dump(line) + "\n" for line in lines)


def events(record: CallRecord) -> Iterator[Event]:
    """The events that fold to the record again: grouped by kind, in the order of the call within each kind."""
    if record.started:
        yield record.started
    yield from record.warnings
    yield from record.languages
    yield from record.finals
    yield from record.rejected
    for turn in record.turns:
        yield turn
        if turn.turn_id in record.understandings:
            yield record.understandings[turn.turn_id]
    yield from record.resolved
    yield from record.alerts
    yield from record.incidents
    if record.roles:
        yield record.roles
    if record.ended:
        yield record.ended


def document(record: CallRecord) -> dict[str, Any]:
    """The JSON document as plain values; times in seconds, ready for :func:`json.dumps`."""
    labels = record_labels(record)
    return {
        "format": FORMAT_NAME,
        "version": DOCUMENT_VERSION,
        "call": _call(record),
        "roles": {"source": record.roles.source, "confidence": record.roles.confidence} if record.roles else None,
        "channels": [
            {"channel": channel, "role": record.speaker(channel).value, "speaker": labels[channel]}
            for channel in channels_of(record)
        ],
        "languages": [
            {"language": item.language, "probability": item.probability, "channel": item.channel}
            for item in record.languages
        ],
        "turns": [_turn(turn, record, labels) for turn in record.turns],
        "moods": [
            {
                "kind": alert.kind,
                "channel": alert.channel,
                "at_s": seconds(alert.at_sample),
                "probability": alert.probability,
                "turns": list(alert.turn_ids),
            }
            for alert in record.alerts
        ],
        "incidents": [
            {
                "kind": incident.kind,
                "channel": incident.channel,
                "start_s": seconds(incident.start_sample),
                "end_s": seconds(incident.end_sample),
                "detail": dict(incident.detail),
            }
            for incident in record.incidents
        ],
        "warnings": [
            {
                "kind": item.kind.value,
                "message": item.message,
                "channel": item.channel,
                "at_s": seconds(item.at_sample),
                "detail": dict(item.detail),
            }
            for item in record.warnings
        ],
        "rejected": [
            {
                "segment": item.segment_id,
                "channel": item.channel,
                "start_s": seconds(item.start_sample),
                "end_s": seconds(item.end_sample),
                "reason": item.reason,
                "detail": item.detail,
                "text_length": item.text_length,
            }
            for item in record.rejected
        ],
    }


def _call(record: CallRecord) -> dict[str, Any]:
    started = record.started
    return {
        "id": started.call_id if started else None,
        "source": started.source if started else None,
        "source_rate_hz": started.rate_hz if started else None,
        "channel_count": started.channel_count if started else None,
        "duration_s": seconds(record.sample_count),
        "time_base_hz": SAMPLE_RATE_HZ,
        "complete": record.complete,
        "language": record.language or None,
        "model": {"name": started.model, "hash": started.model_hash} if started else None,
        "settings_hash": started.settings_hash if started else None,
        "settings": dict(started.settings) if started else None,
    }


def _turn(turn: Turn, record: CallRecord, labels: Mapping[int, str]) -> dict[str, Any]:
    understood = record.understandings.get(turn.turn_id)
    return {
        "turn": turn.turn_id,
        "channel": turn.channel,
        "role": record.speaker(turn.channel).value,
        "speaker": labels[turn.channel],
        "start_s": seconds(turn.start_sample),
        "end_s": seconds(turn.end_sample),
        "language": turn.language or None,
        "text": turn.text,
        "segments": list(turn.segment_ids),
        "words": [_word(word) for word in turn.words],
        "meaning": meaning(understood, turn.words, record.resolutions(turn.turn_id)) if understood else None,
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "start_s": seconds(word.start_sample),
        "end_s": seconds(word.end_sample),
        "probability": round(word.probability, 4),
        "space_before": word.space_before,
    }


def _dump(value: Any) -> str:
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False).translate(_LINE_ENDS)


def _finite(value: Any) -> Any:
    """The value with NaN and infinities, which JSON does not have, as null."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value
