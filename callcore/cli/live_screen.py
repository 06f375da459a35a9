"""The screen of a live call, drawn from its state: lines of a given size, and nothing that touches a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from rich.console import Group
from rich.text import Text

from callcore.cli.conversation import SPEAKER_STYLES, role_name
from callcore.cli.live_state import Say, ScreenState, Vitals
from callcore.cli.printing import printable
from callcore.cli.tags import tag_line, tags
from callcore.cli.ticket_panel import BELOW_SHARE, PANEL_COLUMNS, TALL_ROWS, WIDE_COLUMNS, TicketPanel, beside
from callcore.cli.wrapping import wrapped
from callcore.output.labels import columns, padded
from callcore.text.chars import is_chinese
from callcore.text.clock import clock
from callcore.types import SAMPLE_RATE_HZ, Role
from callcore.understand.dynamics import DynamicsSnapshot

MIN_COLUMNS, MIN_ROWS = 20, 4  #: a smaller terminal is drawn as if it were so large, and cut
ROOMY_ROWS = 10  #: below this the meters give way to the words
METER_FLOOR_DBFS = -60.0
METER_COLUMNS = 24
SHARE_COLUMNS = 20
LOUD_DBFS, TOO_LOUD_DBFS = -12.0, -3.0
LATE_S, VERY_LATE_S = 1.0, 3.0
UNKNOWN_STYLES = ("magenta", "bright_blue")  #: of channels whose speaker nobody knows yet

_ENGLISH = {
    "live": "LIVE",
    "paused": "PAUSED",
    "ending": "ENDING",
    "ended": "ENDED",
    "speaking": "speaking",
    "overlap": "overlap",
    "silent": "silent",
    "lag": "lag {:.1f} s",
    "busy": "updates every {interval:.1f} s, busy {busy:.0%}",
    "pause": "pause",
    "resume": "resume",
    "stop": "stop",
    "now": "stop at once",
    "revisions": "{} revised",
    "dropped": "{} updates dropped",
    "warning": "warning",
    "not_heard": "paused: nothing is listened to",
    "worsening": "{} is getting upset",
    "channel": "channel {}",
    "rate": "{} syllables/s",
    "silence": "both silent {} s",
    "waiting": "on hold {} s",
    "music": "music",
    "interruptions": "interruptions {}",
}
_CHINESE = {
    "live": "实时",
    "paused": "已暂停",
    "ending": "收尾中",
    "ended": "已结束",
    "speaking": "说话",
    "overlap": "重叠",
    "silent": "静音",
    "lag": "延迟 {:.1f} 秒",
    "busy": "每 {interval:.1f} 秒更新，负载 {busy:.0%}",
    "pause": "暂停",
    "resume": "继续",
    "stop": "结束",
    "now": "立即结束",
    "revisions": "修订 {}",
    "dropped": "略过更新 {}",
    "warning": "警告",
    "not_heard": "已暂停：不收听任何声音",
    "worsening": "{}情绪恶化",
    "channel": "声道 {}",
    "rate": "语速 {} 音节/秒",
    "silence": "冷场 {} 秒",
    "waiting": "保持中 {} 秒",
    "music": "音乐",
    "interruptions": "打断 {} 次",
}


def render(state: ScreenState, vitals: Vitals, width: int, height: int, *, plain_signs: bool = False) -> Group:
    """The whole screen: exactly ``height`` lines of at most ``width`` cells.

    ``plain_signs``: ASCII only, for terminals that show nothing else.
    """
    width, height = max(width, MIN_COLUMNS), max(height, MIN_ROWS)
    page = _Page(state, vitals, width, plain_signs=plain_signs)
    top = [page.header()]
    if height >= ROOMY_ROWS:
        top += [page.meter(channel) for channel in state.channels[: height // 4]]
        top += page.dynamics()
    top.append(page.rule())
    bottom = [*page.warning(), page.footer()]
    room = max(height - len(top) - len(bottom), 0)
    body = _body(page, room)
    body += [Text()] * (room - len(body))
    lines = [*top, *body, *bottom][-height:]
    for line in lines:
        line.no_wrap = True
        line.truncate(width)
    return Group(*lines)


def _body(page: _Page, room: int) -> list[Text]:
    """The conversation, with the ticket beside or below it where there is one and room for it."""
    if page.width >= WIDE_COLUMNS and page.ticketed:
        left = page.width - PANEL_COLUMNS - 1
        talk = page.narrowed(left).conversation(room)
        return beside(talk, page.ticket(PANEL_COLUMNS, room), left, room, plain_signs=page.plain_signs)
    if room >= TALL_ROWS - ROOMY_ROWS and page.ticketed:
        below = page.ticket(page.width, room // BELOW_SHARE)
        talk = page.conversation(room - len(below) - 1)
        talk += [Text()] * (room - len(below) - 1 - len(talk))
        return [*talk, page.rule(), *below]
    return page.conversation(room)


def meters(state: ScreenState, vitals: Vitals, width: int) -> Group:
    """Each channel's level and state alone."""
    page = _Page(state, vitals, max(width, MIN_COLUMNS), plain_signs=False)
    return Group(*(page.meter(channel) for channel in state.channels))


class _Page:
    """One drawing of the screen."""

    def __init__(self, state: ScreenState, vitals: Vitals, width: int, *, plain_signs: bool) -> None:
        self._state, self._vitals, self._width, self._plain = state, vitals, width, plain_signs
        self._words = _CHINESE if is_chinese(state.language) else _ENGLISH
        self._names = {channel: self._name(channel) for channel in state.channels}
        self._name_columns = max((columns(name) for name in self._names.values()), default=0)

    @property
    def width(self) -> int:
        return self._width

    @property
    def plain_signs(self) -> bool:
        return self._plain

    @property
    def ticketed(self) -> bool:
        """Whether there is a ticket with anything in it."""
        return bool(self._state.fields) and bool(self._state.values or self._state.missing)

    def narrowed(self, width: int) -> _Page:
        """The same on fewer columns."""
        return _Page(self._state, self._vitals, width, plain_signs=self._plain)

    def ticket(self, width: int, room: int) -> list[Text]:
        """The ticket on at most ``room`` lines."""
        return TicketPanel(self._state, self._names, plain_signs=self._plain).lines(width, room)

    def header(self) -> Text:
        """State, elapsed time, lag and load; the source at the right."""
        vitals, words = self._vitals, self._words
        sign, word, style = ("●", "live", "bold red")
        if self._state.ended:
            sign, word, style = ("■", "ended", "bold")
        elif vitals.ending:
            sign, word, style = ("■", "ending", "bold yellow")
        elif vitals.paused:
            sign, word, style = ("‖", "paused", "bold yellow")
        late = "red" if vitals.lag_s >= VERY_LATE_S else "yellow" if vitals.lag_s >= LATE_S else "dim"
        left = Text.assemble(
            (f" {'*' if self._plain else sign} {words[word]}", style),
            (f"  {clock(round(vitals.elapsed_s * SAMPLE_RATE_HZ))}", "bold"),
            (f"  {words['lag'].format(vitals.lag_s)}", late),
        )
        if vitals.degraded:
            left.append(f"  {words['busy'].format(interval=vitals.interval_s, busy=vitals.busy_share)}", "yellow")
        return self._between(left, Text(printable(_title(self._state.source)), style="dim"))

    def meter(self, channel: int) -> Text:
        """A channel's name, level and whether it speaks."""
        vitals = self._vitals.channels.get(channel)
        level = vitals.level_dbfs if vitals else METER_FLOOR_DBFS
        speaking = [number for number, other in self._vitals.channels.items() if other.speaking]
        word, style = "silent", "dim"
        if self._vitals.paused:
            word, style = "paused", "yellow"
        elif channel in speaking:
            word, style = ("overlap", "bold yellow") if len(speaking) > 1 else ("speaking", "bold")
        room = min(METER_COLUMNS, max(self._width - self._name_columns - 24, 4))
        bar, loudness = _bar(level, room, plain=self._plain)
        line = Text(" ")
        line.append(padded(self._names[channel], self._name_columns), f"bold {self._style(channel)}")
        line.append("  ").append(bar, loudness).append(f" {max(level, -99):4.0f} dB  ", "dim")
        return line.append(self._words[word].lower(), style)

    def dynamics(self) -> list[Text]:
        """Who talks how much and how fast, and how long nobody has; nothing while nobody has talked."""
        now = self._vitals.dynamics
        if now is None or not any(side.talk for side in now.channels):
            return []
        line = Text(" ")
        if len(now.channels) > 1:
            shares = ":".join(f"{100 * side.share:.0f}" for side in now.channels)
            line.append_text(self._share_bar(now)).append(f" {shares}  ")
        # What calls for action stands before what is good to know: a narrow terminal cuts the end.
        line.append_text(self._quiet(now))
        rates = [side.recent_syllables_per_s for side in now.channels]
        if any(rate is not None for rate in rates):
            told = " / ".join("-" if rate is None else f"{rate:.1f}" for rate in rates)
            line.append(self._words["rate"].format(told), "dim").append("  ")
        if any(side.interruptions for side in now.channels):
            told = " / ".join(str(side.interruptions) for side in now.channels)
            line.append(self._words["interruptions"].format(told), "dim")
        return [line]

    def _share_bar(self, now: DynamicsSnapshot) -> Text:
        """A bar divided as the talk is, in the order and colours of the meters above it."""
        room = min(SHARE_COLUMNS, self._width // 5)
        bar, taken, talked = Text(), 0, 0.0
        for index, side in enumerate(now.channels):
            talked += side.share
            end = round(talked * room)
            sign = "#="[index % 2] if self._plain else "━"
            bar.append(sign * (end - taken), self._style(side.channel))
            taken = end
        return bar

    def _quiet(self, now: DynamicsSnapshot) -> Text:
        """How long nobody has talked, once it is long enough to be told, and whether music plays."""
        silence_s = now.current_silence / SAMPLE_RATE_HZ
        line = Text()
        if silence_s >= self._vitals.dead_air_s:
            word, style = ("waiting", "bold yellow") if now.waiting else ("silence", "bold red")
            line.append(self._words[word].format(int(silence_s)), style).append("  ")
        if now.music:
            line.append(self._words["music"], "bold yellow").append("  ")
        return line

    def rule(self) -> Text:
        """A line from side to side."""
        return Text(("-" if self._plain else "─") * self._width, style="dim")

    def conversation(self, room: int) -> list[Text]:
        """The last ``room`` lines of what was said."""
        if room == 0:
            return []
        lines: list[Text] = []
        says = self._state.tail(room)
        marks = _overlaps(says)
        for say, over in zip(reversed(says), reversed(marks), strict=True):
            lines = self._say(say, over=over) + lines
            if len(lines) >= room:
                break
        return lines[-room:]

    def warning(self) -> list[Text]:
        """What must be seen: callcore's own notice, the pause, or the newest warning about the audio."""
        sign = "!" if self._plain else "⚠"
        if self._state.notice:
            return [Text(f" {sign} {printable(self._state.notice)}", style="bold red")]
        if self._vitals.paused:
            return [Text(f" {'|' if self._plain else '‖'} {self._words['not_heard']}", style="bold yellow")]
        if self._state.alerts and self._state.alerts[-1].kind == "worsening":
            alert = self._state.alerts[-1]
            name = self._names.get(alert.channel, self._name(alert.channel))
            told = self._words["worsening"].format(name)
            return [Text(f" {sign} {clock(alert.at_sample)} {told} ({alert.probability:.0%})", style="bold red")]
        if not self._state.warnings:
            return []
        last = self._state.warnings[-1]
        where = "" if last.channel is None else f"{self._names.get(last.channel, last.channel)}: "
        count = f" ({len(self._state.warnings)})" if len(self._state.warnings) > 1 else ""
        return [Text(f" {sign} {clock(last.at_sample)} {where}{printable(last.message)}{count}", style="yellow")]

    def footer(self) -> Text:
        """The keys; model and counts at the right."""
        words, vitals = self._words, self._vitals
        keys = Text(" ")
        if not vitals.ending:
            keys.append(" p ", "reverse").append(f" {words['resume' if vitals.paused else 'pause']}  ")
            keys.append(" q ", "reverse").append(f" {words['stop']}")
        else:
            keys.append(" Ctrl-C ", "reverse").append(f" {words['now']}")
        facts = [printable(self._state.model)]
        if self._state.revisions:
            facts.append(words["revisions"].format(self._state.revisions))
        if vitals.dropped:
            facts.append(words["dropped"].format(vitals.dropped))
        return self._between(keys, Text((" , " if self._plain else " · ").join(filter(None, facts)), style="dim"))

    def _say(self, say: Say, *, over: bool) -> list[Text]:
        time = f"{clock(say.start_sample)}{'/' if over else ' '} "
        name = self._names.get(say.channel) or self._name(say.channel)
        narrow = self._width < 40
        head = Text.assemble(
            ("" if narrow else f" {time}", "dim"),
            (padded(name, self._name_columns), f"bold {self._style(say.channel)}"),
            "  ",
        )
        indent = head.cell_len
        runs = tuple((printable(text), firm) for text, firm in say.runs())
        if say.open:
            runs += (("..." if self._plain else "…", False),)
        style = self._style(say.channel)
        lines = []
        for index, parts in enumerate(wrapped(runs, max(self._width - indent - 1, 8))):
            line = head.copy() if index == 0 else Text(" " * indent)
            for text, firm in parts:
                line.append(text, style if firm else f"dim {style}")
            lines.append(line)
        return [*lines, *self._tags(say, indent)]

    def _tags(self, say: Say, indent: int) -> list[Text]:
        """A line of what it means, where that is worth one."""
        if say.meaning is None:
            return []
        found = tags(say.meaning, self._state.roles.get(say.channel, Role.UNKNOWN), self._state.catalogue)
        line = tag_line(found, plain_signs=self._plain, dim=say.open)
        return [Text(" " * indent).append_text(line)] if found else []

    def _name(self, channel: int) -> str:
        role = self._state.roles.get(channel, Role.UNKNOWN)
        if role is Role.UNKNOWN:
            return self._words["channel"].format(channel)
        return role_name(role, self._state.language)

    def _style(self, channel: int) -> str:
        role = self._state.roles.get(channel, Role.UNKNOWN)
        return UNKNOWN_STYLES[channel % 2] if role is Role.UNKNOWN else SPEAKER_STYLES[role]

    def _between(self, left: Text, right: Text) -> Text:
        """Both on one line, the right one cut to what is left over."""
        room = self._width - left.cell_len - 3
        if room < 6 or not right.plain:
            return left
        right.truncate(room, overflow="ellipsis")
        return left.append(" " * (self._width - left.cell_len - right.cell_len - 1)).append_text(right)


def _title(source: str) -> str:
    """The file's name without its folders; devices as they are called."""
    path = PurePath(source)
    return path.name if path.is_absolute() else source


def _bar(level_dbfs: float, room: int, *, plain: bool) -> tuple[str, str]:
    """A level as a bar of ``room`` cells, and its style."""
    share = min(max(1 - level_dbfs / METER_FLOOR_DBFS, 0.0), 1.0)
    style = "red" if level_dbfs >= TOO_LOUD_DBFS else "yellow" if level_dbfs >= LOUD_DBFS else "green"
    full, half = divmod(round(share * room * 2), 2)
    bar = "#" * full if plain else "━" * full + "╸" * half
    return bar.ljust(room, "." if plain else " "), style


def _overlaps(says: Sequence[Say]) -> list[bool]:
    """For each say, whether one of another channel that began before still goes on."""
    ends: Mapping[int, int] = {}
    marks = []
    for say in says:
        marks.append(any(end > say.start_sample for channel, end in ends.items() if channel != say.channel))
        ends = {**ends, say.channel: max(ends.get(say.channel, 0), say.end_sample)}
    return marks
