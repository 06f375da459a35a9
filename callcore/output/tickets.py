"""A ticket for people: Markdown, and the rows that any view of it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.text.chars import is_chinese
from callcore.text.clock import clock_ms
from callcore.tickets import Ticket, TicketRules
from callcore.tickets.model import Place, Value
from callcore.tickets.summary import joined

WORDS = {
    True: {
        "ticket": "工单",
        "missing": "缺少",
        "promises": "承诺",
        "summary": "摘要",
        "suggested": "待定",
        "confirmed": "已确认",
        "disputed": "有矛盾",
        "filled": "",
        "agent": "坐席",
        "customer": "客户",
        "unknown": "说话人",
        "call_back": "回电",
        "handle": "处理",
        "send": "发送",
        "refund": "退款",
        "visit": "到网点",
        "pay": "还款",
        "document": "提交材料",
        "other": "其他",
        "no_due": "未说时间",
        "field": "字段",
        "value": "内容",
        "confidence": "置信度",
        "evidence": "依据",
        "due": "期限",
        "history": "变更",
        "customer.": "客户",
        "request.": "诉求",
        "caller.": "来电人",
        "handling.": "处理",
        "followup.": "跟进",
    },
    False: {
        "ticket": "Ticket",
        "missing": "Missing",
        "promises": "Promises",
        "summary": "Summary",
        "suggested": "not final",
        "confirmed": "confirmed",
        "disputed": "contradicted",
        "filled": "",
        "agent": "agent",
        "customer": "customer",
        "unknown": "speaker",
        "call_back": "call back",
        "handle": "handle",
        "send": "send",
        "refund": "refund",
        "visit": "visit",
        "pay": "pay",
        "document": "send documents",
        "other": "other",
        "no_due": "no time given",
        "field": "field",
        "value": "value",
        "confidence": "confidence",
        "evidence": "evidence",
        "due": "due",
        "history": "Changes",
        "customer.": "Customer",
        "request.": "Request",
        "caller.": "Caller",
        "handling.": "Handling",
        "followup.": "Follow-up",
    },
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#])")


def words_for(language: str) -> dict[str, str]:
    """The words around a ticket, in the language of its call."""
    return WORDS[is_chinese(language)]


def rows(ticket: Ticket, rules: TicketRules) -> Iterator[tuple[str, str, Value]]:
    """Section, title and value of every value of a ticket, in the order of the fields."""
    for spec in rules.fields:
        for value in ticket.fields.get(spec.name, ()):
            yield spec.section, spec.title(ticket.call.language), value


def titles(names: tuple[str, ...], rules: TicketRules, language: str) -> list[str]:
    """Titles of fields."""
    known = {spec.name: spec.title(language) for spec in rules.fields}
    return [known.get(name, name) for name in names]


def cited(place: Place, words: dict[str, str]) -> str:
    """Where something was said: who, when, and the words."""
    return f"{clock_ms(place.start_ms)} {words[place.speaker]} “{place.words}”"


def ticket_markdown(ticket: Ticket, rules: TicketRules) -> str:
    """The ticket as a Markdown document."""
    words = words_for(ticket.call.language)
    lines = [f"# {words['ticket']} {_safe(ticket.call.id)}", "", f"{ticket.call.day}", ""]
    if ticket.summary:
        lines += [_safe(joined([part.text for part in ticket.summary], ticket.call.language)), ""]
    section = ""
    for group, title, value in rows(ticket, rules):
        if value.evidence and value.source.startswith("rules/summary"):
            continue
        if group != section:
            section = group
            head = [words[key] for key in ("field", "value", "confidence", "evidence")]
            title_of = words.get(f"{group}.", group)
            lines += ["", f"## {title_of}", "", f"| {' | '.join(head)} |", "| --- | --- | --- | --- |"]
        status = f" ({words[value.status]})" if words[value.status] else ""
        shown = "<br>".join(_safe(cited(place, words)) for place in value.evidence[:2])
        lines.append(f"| {_safe(title)} | {_safe(value.value)}{status} | {value.confidence:.0%} | {shown} |")
    if ticket.promises:
        lines += ["", f"## {words['promises']}", ""]
        for promise in ticket.promises:
            due = promise.due or words["no_due"]
            quoted = _safe(cited(promise.evidence[0], words)) if promise.evidence else ""
            lines.append(f"- {words[promise.by]}: {words[promise.kind]}, {due} ({quoted})")
    if ticket.missing:
        lines += ["", f"**{words['missing']}**: " + ", ".join(titles(ticket.missing, rules, ticket.call.language))]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
