"""The ticket beside a live call: each field with its value, how sure it is, who said it and when; what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from callcore.cli.live_state import ScreenState
from callcore.cli.printing import printable
from callcore.config import Settings
from callcore.output.labels import columns, padded
from callcore.output.tickets import words_for
from callcore.text.chars import is_chinese
from callcore.text.clock import clock
from callcore.tickets.spec import FieldSpec
from callcore.types import FieldStatus, FieldValue, Promise

WIDE_COLUMNS = 104  #: from here on the ticket stands beside the conversation ...
PANEL_COLUMNS = 46  #: ... this wide; where the terminal is narrower it stands below it, ...
TALL_ROWS = 32  #: ... if there are so many lines; else it is hidden
BELOW_SHARE = 3  #: part of the lines that it takes below: a third
WIDEST_TITLE = 16
LONG = frozenset(
    {"request.summary", "request.topics", "handling.transfer_reason", "caller.mood_start"}
)  #: not shown live
STYLES: Mapping[FieldStatus, str] = {
    FieldStatus.SUGGESTED: "dim italic",
    FieldStatus.FILLED: "",
    FieldStatus.CONFIRMED: "green",
    FieldStatus.DISPUTED: "bold red",
}
SIGNS = {FieldStatus.CONFIRMED: "✓", FieldStatus.DISPUTED: "≠", FieldStatus.SUGGESTED: "…"}
PLAIN_SIGNS = {FieldStatus.CONFIRMED: "+", FieldStatus.DISPUTED: "!", FieldStatus.SUGGESTED: "?"}


def ticket_fields(settings: Settings) -> tuple[FieldSpec, ...]:
    """The fields of the tickets that live calls fill; none where they are switched off. Raises :class:`ConfigError`."""
    from callcore.tickets.look import RULES
    from callcore.tickets.spec import load_fields

    wanted = settings.tickets.enabled and settings.understand.enabled
    return load_fields(settings.tickets.fields_file, RULES) if wanted else ()


class TicketPanel:
    """One drawing of the ticket. ``names``: of the channels; ``plain_signs``: ASCII only."""

    def __init__(self, state: ScreenState, names: Mapping[int, str], *, plain_signs: bool) -> None:
        self._state, self._names, self._plain = state, names, plain_signs
        self._words = words_for(state.language)
        self._language = state.language
        self._titles = {spec.name: spec.title(state.language) for spec in state.fields}

    def lines(self, width: int, room: int) -> list[Text]:
        """At most ``room`` lines of at most ``width`` cells: what is missing first, then promises, then the fields."""
        lines = [self._heading(), *self._missing(width), *map(self._promise, self._state.promises)]
        fields = list(self._fields())
        left = room - len(lines)
        if len(fields) > left > 0:
            fields = [*fields[: left - 1], Text(f" +{len(fields) - left + 1}", style="dim")]
        lines += fields[: max(left, 0)]
        for line in lines:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
        return lines[:room]

    def _heading(self) -> Text:
        filled = sum(1 for spec in self._state.fields if spec.name in self._state.values)
        return Text.assemble((f" {self._words['ticket']}", "bold"), (f"  {filled}/{len(self._state.fields)}", "dim"))

    def _missing(self, width: int) -> list[Text]:
        """Required fields without a value, on as many lines as they take."""
        if not self._state.missing:
            return []
        comma = "、" if is_chinese(self._language) and not self._plain else ", "
        names = [self._titles.get(name, name) for name in self._state.missing]
        lines = [f" {self._words['missing']}: {names[0]}"]
        for name in names[1:]:
            if columns(lines[-1] + comma + name) < width:
                lines[-1] += comma + name
            else:
                lines[-1] += comma.rstrip()
                lines.append(f"   {name}")
        return [Text(printable(line), style="yellow") for line in lines]

    def _promise(self, promise: Promise) -> Text:
        sign = ">" if self._plain else "→"
        due = promise.due.replace("T", " ") or self._words["no_due"]
        where = self._where(promise.evidence[0].channel, promise.evidence[0].start_sample) if promise.evidence else ""
        told = f" {sign} {self._words[promise.by.value]}: {self._words[promise.kind]} {due}"
        return Text.assemble((told, "magenta"), (f"  {where}", "dim"))

    def _fields(self) -> Iterator[Text]:
        shown = [spec for spec in self._state.fields if spec.name in self._state.values and spec.name not in LONG]
        room = min(max((columns(self._titles[spec.name]) for spec in shown), default=0), WIDEST_TITLE)
        for spec in shown:
            for place, value in enumerate(self._state.values[spec.name]):
                yield self._field("" if place else self._titles[spec.name], value, room)

    def _field(self, title: str, value: FieldValue, room: int) -> Text:
        sign = (PLAIN_SIGNS if self._plain else SIGNS).get(value.status, "")
        line = Text.assemble(
            (f" {padded(title, room)}  ", "dim"),
            (printable(value.value), STYLES[value.status]),
            (f" {sign}" if sign else "", STYLES[value.status]),
            (f"  {value.confidence:.0%}", "dim"),
        )
        if value.evidence:
            line.append(f"  {self._where(value.evidence[0].channel, value.evidence[0].start_sample)}", "dim")
        return line

    def _where(self, channel: int, sample: int) -> str:
        return f"{self._names.get(channel, str(channel))} {clock(sample)}"


def beside(left: Sequence[Text], right: Sequence[Text], width: int, room: int, *, plain_signs: bool) -> list[Text]:
    """``room`` lines: those on the left in ``width`` cells, a border, those on the right."""
    lines = []
    for index in range(room):
        line = left[index].copy() if index < len(left) else Text()
        line.truncate(width)
        line.append(" " * (width - line.cell_len)).append("|" if plain_signs else "│", "dim")
        lines.append(line.append_text(right[index]) if index < len(right) else line)
    return lines
