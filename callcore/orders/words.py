"""Words for work orders as people read them, in Chinese and English."""

from __future__ import annotations

from callcore.orders.form import FieldNow, Form
from callcore.output.labels import is_chinese, speaker_labels
from callcore.tickets.model import Place
from callcore.types import Role

_SECTIONS = {
    "customer": ("客户", "Customer"),
    "request": ("诉求", "Request"),
    "caller": ("来电状态", "Caller"),
    "handling": ("处理", "Handling"),
    "followup": ("跟进", "Follow-up"),
}
_STATES = {
    "draft": ("草稿", "draft"),
    "confirmed": ("已确认", "confirmed"),
    "dispatched": ("已派发", "dispatched"),
    "closed": ("已结案", "closed"),
    "reopened": ("重新打开", "reopened"),
}
_STATUSES = {
    "suggested": ("待定", "may change"),
    "confirmed": ("已核对", "read back"),
    "disputed": ("说法不一", "disputed"),
}
_KINDS = {
    "call_back": ("回电", "call back"),
    "handle": ("处理", "deal with it"),
    "send": ("寄送", "send"),
    "refund": ("退款", "refund"),
    "visit": ("到访", "visit"),
    "pay": ("付款", "pay"),
    "document": ("提供材料", "documents"),
    "other": ("其他", "other"),
    "inform": ("告知进展", "say where it stands"),
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
    "missing": ("缺", "missing"),
    "promises": ("承诺", "Promises"),
    "earlier": ("此客户以前的承诺", "Earlier promises of this customer"),
    "machine": ("系统", "callcore"),
    "due": ("限", "due"),
    "version": ("版本", "version"),
    "by": ("由", "by"),
    "sealed": ("已封存", "sealed"),
    "withheld": ("未保留原值", "original not kept"),
    "empty": ("（空）", "(empty)"),
    "unfinished": ("通话未完整", "not followed to its end"),
    "original": ("原值", "original"),
}


class Words:
    """Of one language."""

    def __init__(self, language: str) -> None:
        self.chinese = is_chinese(language)
        self._language = language

    def __call__(self, word: str) -> str:
        """A word of the form itself."""
        return self._of(_WORDS, word)

    def section(self, name: str) -> str:
        """Heading of a group of fields."""
        return self._of(_SECTIONS, name)

    def state(self, state: str) -> str:
        """Where a work order stands."""
        return self._of(_STATES, state)

    def status(self, status: str) -> str:
        """How sure a value is; "" where there is nothing to say."""
        return self._of(_STATUSES, status) if status in _STATUSES else ""

    def kind(self, kind: str) -> str:
        """Of a promise."""
        return self._of(_KINDS, kind)

    def standing(self, status: str) -> str:
        """Of a follow-up."""
        return self._of(_STANDING, status)

    def title(self, field: FieldNow) -> str:
        """Of a field; its name where nobody has given it a title."""
        return field.spec.title(self._language) if field.spec else field.name

    def speaker(self, place: Place) -> str:
        """Who says something; the channel where nobody knows."""
        if place.speaker == "unknown":
            return f"{'声道' if self.chinese else 'channel'} {place.channel}"
        return speaker_labels({0: Role(place.speaker)}, self._language)[0]

    def _of(self, table: dict[str, tuple[str, str]], word: str) -> str:
        chinese, english = table.get(word, (word, word))
        return chinese if self.chinese else english


def moment(ms: int) -> str:
    """A place in a call as mm:ss, from one hour on as h:mm:ss."""
    minutes, second = divmod(ms // 1000, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


def sections(form: Form) -> dict[str, list[FieldNow]]:
    """Fields by the first half of their names, in order."""
    found: dict[str, list[FieldNow]] = {}
    for field in form.fields.values():
        found.setdefault(field.name.partition(".")[0], []).append(field)
    return found
