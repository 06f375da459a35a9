"""The ticket as other programs get it: a versioned schema, checked by pydantic (ticket.schema.json)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Literal[1] = 1  #: raised when the meaning of a key changes or one goes; new keys do not raise it
SUMMARY = "request.summary"
Speaker = Literal["agent", "customer", "unknown"]
Status = Literal["suggested", "filled", "confirmed", "disputed"]
Confidence = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A part of a ticket: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Part):
    """Where in the call something was said."""

    turn: int = Field(description="id of the turn; -1: of speech that is still open")
    channel: int
    speaker: Speaker
    start_ms: int
    end_ms: int
    words: str = Field(description="as said; private data masked")


class Value(Part):
    """A value of a field. Several stand side by side where a field takes several, or where they contradict."""

    value: str = Field(description="for people, in the language of the call")
    normal: str = Field(description="normal form: a code, a number, a date; of private data the sealed original")
    confidence: Confidence
    status: Status
    evidence: tuple[Place, ...]
    source: str = Field(description="rule or model, with its version")


class Commitment(Part):
    """What one side said it would do."""

    id: str
    kind: Literal["call_back", "handle", "send", "refund", "visit", "pay", "document", "other"]
    by: Speaker
    due: str = Field(description='ISO 8601 date or time; "" where none was given')
    contact: str
    confidence: Confidence
    evidence: tuple[Place, ...]
    source: str


class Change(Part):
    """A field whose values became others with a turn."""

    turn: int
    at_ms: int
    field: str
    before: tuple[str, ...] = Field(description="normal forms")
    after: tuple[str, ...]
    reason: Literal["filled", "corrected", "confirmed", "disputed", "settled", "judged", "emptied"]


class CallFacts(Part):
    """The call that a ticket is of."""

    id: str
    day: str = Field(description="ISO 8601")
    language: str
    source: str
    duration_ms: int
    turns: int
    complete: bool = Field(description="whether it was followed to its end")


class SummaryPart(Part):
    """A sentence of the summary and what it rests on."""

    text: str
    about: Literal["matter", "reason", "done", "promised", "result", "rewritten"]
    evidence: tuple[Place, ...]


class Made(Part):
    """What a ticket was made with."""

    rules: str = Field(description="hash of all rules and fields")
    settings: str = Field(description="hash of the settings of the call")
    models: str = Field(description="that read the turns")


class Ticket(Part):
    """The work order of one call: a fold over its events."""

    schema_version: Literal[1] = 1
    call: CallFacts
    fields: dict[str, tuple[Value, ...]] = Field(description="by name; fields without a value are left out")
    promises: tuple[Commitment, ...]
    missing: tuple[str, ...] = Field(description="required fields without a value")
    summary: tuple[SummaryPart, ...]
    history: tuple[Change, ...]
    made: Made

    def first(self, name: str) -> Value | None:
        """The first value of a field."""
        return next(iter(self.fields.get(name, ())), None)

    def with_summary(self, text: str, source: str) -> Ticket:
        """The same with another summary, which rests on the evidence of the one before."""
        evidence = tuple({place: None for part in self.summary for place in part.evidence})
        old = self.first(SUMMARY)
        fields = dict(self.fields)
        if old is not None:
            fields[SUMMARY] = (old.model_copy(update={"value": text, "normal": text, "source": source}),)
        part = SummaryPart(text=text, about="rewritten", evidence=evidence)
        return self.model_copy(update={"fields": fields, "summary": (part,)})


def ticket_schema() -> dict[str, Any]:
    """The JSON Schema of a ticket (2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Ticket.model_json_schema(mode="serialization")}


def schema_text() -> str:
    """The same as the file ticket.schema.json has it."""
    return json.dumps(ticket_schema(), ensure_ascii=False, indent=2) + "\n"
