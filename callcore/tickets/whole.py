"""A ticket written out: what a look has found, with the words of every place, and what changed from turn to turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from callcore.tickets.look import Filled
from callcore.tickets.model import CallFacts, Change, Commitment, Made, Place, SummaryPart, Ticket, Value
from callcore.tickets.reading import Reading, milliseconds
from callcore.tickets.spec import FieldSpec
from callcore.types import Evidence, FieldStatus, FieldValue, Promise, Role, quoted

SUMMARY = "summary"  #: rule of the field that has no history: it says what the others say
Fields = Mapping[str, tuple[FieldValue, ...]]
Reason = Literal["filled", "corrected", "confirmed", "disputed", "settled", "judged", "emptied"]


class Writer:
    """Writes the ticket of one call as it is at one moment."""

    def __init__(self, specs: Sequence[FieldSpec], readings: Sequence[Reading], roles: Mapping[int, Role]) -> None:
        self._specs, self._roles = specs, roles
        self._readings = {reading.turn.turn_id: reading for reading in readings}

    def ticket(self, call: CallFacts, filled: Filled, history: tuple[Change, ...], made: Made) -> Ticket:
        """The whole of it; fields in the order of their specification."""
        return Ticket(
            call=call,
            fields={
                spec.name: tuple(self._value(value) for value in filled.fields[spec.name])
                for spec in self._specs
                if spec.name in filled.fields
            },
            promises=tuple(self._commitment(promise) for promise in filled.promises),
            missing=filled.missing,
            summary=tuple(
                SummaryPart(text=one.text, about=one.about, evidence=self._places(one.evidence))
                for one in filled.summary
            ),
            history=history,
            made=made,
        )

    def differences(self, reading: Reading, before: Fields, now: Fields) -> Iterator[Change]:
        """What a turn changed."""
        for spec in self._specs:
            old, new = before.get(spec.name, ()), now.get(spec.name, ())
            marks = [tuple((value.normal, value.status) for value in values) for values in (old, new)]
            if marks[0] != marks[1] and spec.rule != SUMMARY:
                yield Change(
                    turn=reading.turn.turn_id,
                    at_ms=milliseconds(reading.turn.end_sample),
                    field=spec.name,
                    before=tuple(value.normal for value in old),
                    after=tuple(value.normal for value in new),
                    reason=_reason(old, new, judged=spec.extractor in ("rule", "intent")),
                )

    def _value(self, value: FieldValue) -> Value:
        return Value(
            value=value.value,
            normal=value.normal,
            confidence=value.confidence,
            status=value.status.value,
            evidence=self._places(value.evidence),
            source=value.source,
        )

    def _commitment(self, promise: Promise) -> Commitment:
        return Commitment(
            id=promise.promise_id,
            kind=promise.kind,
            by=promise.by.value,
            due=promise.due,
            contact=promise.contact,
            confidence=promise.confidence,
            evidence=self._places(promise.evidence),
            source=promise.source,
        )

    def _places(self, evidence: Sequence[Evidence]) -> tuple[Place, ...]:
        return tuple(self._place(one) for one in evidence)

    def _place(self, one: Evidence) -> Place:
        reading = self._readings.get(one.turn_id)
        words = ""
        if reading is not None:
            words = quoted(reading.turn.words, one.first_word, one.end_word)
        return Place(
            turn=one.turn_id,
            channel=one.channel,
            speaker=self._roles.get(one.channel, Role.UNKNOWN).value,
            start_ms=milliseconds(one.start_sample),
            end_ms=milliseconds(one.end_sample),
            words=words,
        )


def _reason(old: Sequence[FieldValue], new: Sequence[FieldValue], *, judged: bool) -> Reason:
    if not new:
        return "emptied"
    if new[0].status is FieldStatus.DISPUTED:
        return "disputed"
    if not old:
        return "filled"
    if old[0].status is FieldStatus.DISPUTED:
        return "settled"
    if old[0].normal == new[0].normal and new[0].status is FieldStatus.CONFIRMED:
        return "confirmed"
    return "judged" if judged else "corrected"
