"""Words for work orders as people read them, in Chinese and English."""

from __future__ import annotations

from callcore.orders.form import FieldNow, Form
from callcore.output.tickets import words_for
from callcore.text.chars import is_chinese
from callcore.tickets.model import Place

_STATES = {
    "draft": ("草稿", "draft"),
    "confirmed": ("已确认", "confirmed"),
    "dispatched": ("已派发", "dispatched"),
    "closed": ("已结案", "closed"),
    "reopened": ("重新打开", "reopened"),
}
_STANDING = {
    "open": ("未了", "open"),
    "kept": ("已兑现", "kept"),
    "broken": ("未兑现", "broken"),
    "repeated": ("再次承诺", "promised again"),
    "cancelled": ("取消", "cancelled"),
}
_WORDS = {
    "work order": ("工单", "work order"),
    "call": ("通话", "call"),
    "earlier": ("此客户以前的承诺", "Earlier promises of this customer"),
    "machine": ("系统", "callcore"),
    "due": ("限", "due"),
    "version": ("版本", "version"),
    "by": ("由", "by"),
    "sealed": ("已封存", "sealed"),
    "withheld": ("未保留原值", "original not kept"),
    "empty": ("（空）", "(empty)"),
    "unfinished": ("通话未完整", "not followed to its end"),
    "inform": ("告知进展", "say where it stands"),
    "original": ("原值", "original"),
}


class Words:
    """Of one language: those of tickets, and what work orders add."""

    def __init__(self, language: str) -> None:
        self._chinese = is_chinese(language)
        self._language = language
        self._ticket = words_for(language)

    def __call__(self, word: str) -> str:
        """A word of the form itself."""
        return self._of(_WORDS, word) if word in _WORDS else self._ticket[word]

    def section(self, name: str) -> str:
        """Heading of a group of fields."""
        return self._ticket.get(f"{name}.", name)

    def state(self, state: str) -> str:
        """Where a work order stands."""
        return self._of(_STATES, state)

    def status(self, status: str) -> str:
        """How sure a value is; "" where there is nothing to say."""
        return self._ticket[status]

    def kind(self, kind: str) -> str:
        """Of a promise."""
        return self._ticket.get(kind) or self._of(_WORDS, kind)

    def standing(self, status: str) -> str:
        """Of a follow-up."""
        return self._of(_STANDING, status)

    def title(self, field: FieldNow) -> str:
        """Of a field; its name where nobody has given it a title."""
        return field.spec.title(self._language) if field.spec else field.name

    def speaker(self, place: Place) -> str:
        """Who says something; the channel where nobody knows."""
        number = f" {place.channel}" if place.speaker == "unknown" else ""
        return f"{self._ticket[place.speaker]}{number}"

    def _of(self, table: dict[str, tuple[str, str]], word: str) -> str:
        chinese, english = table.get(word, (word, word))
        return chinese if self._chinese else english


def sections(form: Form) -> dict[str, list[FieldNow]]:
    """Fields by the first half of their names, in order."""
    found: dict[str, list[FieldNow]] = {}
    for field in form.fields.values():
        found.setdefault(field.name.partition(".")[0], []).append(field)
    return found
