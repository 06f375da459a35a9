"""The data file of rules: severity, terms of follow-ups, weights, whose a name is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from callcore.tickets.cues import CueCode
from callcore.tickets.spec import Code, Entry, Text

Level = Literal["P1", "P2", "P3", "P4"]


class SeverityRule(Entry):
    """A level, and the conditions for it: of each list that is there, one must hold."""

    level: Level
    cues: tuple[CueCode, ...] = ()
    topics: tuple[Code, ...] = ()
    categories: tuple[Code, ...] = ()
    causes: tuple[Code, ...] = ()
    moods: tuple[Code, ...] = ()
    intents: tuple[Code, ...] = ()
    resolutions: tuple[Code, ...] = ()


class FollowUp(Entry):
    """Working days, by severity, within which the customer is told where a matter stands."""

    working_days: dict[Level, int]


class Weights(Entry):
    """What speaks for a topic; docs/tickets.md explains how."""

    agent_topic: float = Field(ge=0)
    named_topic: float = Field(ge=0)
    phrased_topic: float = Field(ge=0)
    deceived: float = Field(ge=1)
    grave_topic: float = Field(ge=1)
    named_product: float = Field(ge=1)
    other_card: float = Field(gt=0, le=1)
    later_topic: float = Field(gt=0, le=1)
    least_topic: float = Field(ge=0)
    least_share: float = Field(ge=0, le=1)


class NameWords(Entry):
    """What stands beside a name that is not the customer's."""

    own: tuple[Text, ...]
    after_own: tuple[Text, ...] = ()
    before_others: tuple[str, ...]
    after_others: tuple[Text, ...]


class RuleFile(Entry):
    """A parsed file of rules."""

    version: Literal[1]
    severity: tuple[SeverityRule, ...] = Field(min_length=1)
    follow_up: FollowUp
    weights: Weights
    names: NameWords
    departments: dict[Code, tuple[Text, ...]] = Field({})  #: other names by which agents call departments
