"""What a live call looks like while it goes on: a full screen, a line per text, or JSON lines for programs."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

import click

from callcore.cli.conversation import SPEAKER_STYLES, role_name
from callcore.cli.keys import Keys
from callcore.cli.printing import printable
from callcore.cli.stopping import Stopping
from callcore.cli.tags import tag_line, tags
from callcore.text.chars import is_chinese
from callcore.text.clock import clock
from callcore.types import AudioWarning, Event, Final, MoodAlert, Paused, Resumed, Role, Understanding
from callcore.wire import to_wire

if TYPE_CHECKING:
    from rich.console import Console, Group

    from callcore.cli.live_run import LiveRun
    from callcore.cli.live_state import ScreenState

REFRESH_S = 0.125  #: eight times a second looks smooth, and costs less than 3 % of a core on a large terminal
LEAVE_SCREEN = "\x1b[?1049l\x1b[?25h"  #: back from the alternate screen, with a cursor
PAUSE_KEY, STOP_KEY = "p", "q"


class View(Protocol):
    """Shows a call until it has ended."""

    def watch(self, run: LiveRun) -> None:
        """Returns when the call is done. Raises ``BrokenPipeError`` then if nobody read any more."""


class Controls:
    """Keys and signals, as wishes of the user."""

    def __init__(self, keys: Keys, stopping: Stopping) -> None:
        self._keys, self._stopping = keys, stopping

    def obey(self, run: LiveRun, timeout_s: float) -> None:
        """Wait up to ``timeout_s`` seconds for a key, and do what the user wants."""
        key = self._keys.wait(timeout_s) if timeout_s or self._keys.there else ""
        if key == PAUSE_KEY:
            run.toggle_pause()
        if key == STOP_KEY or self._stopping.asked:
            run.stop()
        run.tend()


class FullScreen:
    """The whole terminal, drawn eight times a second; what was there before comes back at the end."""

    def __init__(self, console: Console, controls: Controls) -> None:
        self._console, self._controls = console, controls

    def watch(self, run: LiveRun) -> None:
        """Draw until the call is done."""
        from rich.live import Live

        from callcore.cli.live_screen import render

        def page() -> Group:
            size = self._console.size
            plain = self._console.options.ascii_only
            return render(run.desk.state, run.vitals(), size.width, size.height, plain_signs=plain)

        with Live(console=self._console, screen=True, auto_refresh=False, redirect_stdout=False) as live:
            while not run.done:
                self._controls.obey(run, REFRESH_S)
                live.update(page(), refresh=True)


def line_console(file: TextIO | None = None) -> Console:
    """A console for standard output, or ``file``, that says when nobody reads any more; rich's own ends the process."""
    from rich.console import Console

    class LineConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return LineConsole(file=file, highlight=False)


class Lines:
    """A line per final text on standard output; what goes wrong on ``beside``."""

    def __init__(self, console: Console, beside: Console, controls: Controls) -> None:
        self._console, self._beside, self._controls = console, beside, controls

    def watch(self, run: LiveRun) -> None:
        """Print until the call is done and everything is printed."""
        follow(run, self._controls, lambda event: self._show(event, run.desk.state))

    def _show(self, event: Event, state: ScreenState) -> None:
        from rich.text import Text

        match event:
            case Final():
                role = state.roles.get(event.channel, Role.UNKNOWN)
                style = SPEAKER_STYLES[role]
                name = role_name(role, event.language) if role is not Role.UNKNOWN else _channel(event)
                parts = (
                    Text(f"{clock(event.start_sample)} ", style="dim"),
                    Text(name, style=f"bold {style}"),
                    Text(printable(event.text), style=style),
                )
                self._console.print(Text("  ").join(parts), soft_wrap=True)
                self._console.file.flush()
            case Understanding() if found := tags(event, state.roles.get(event.channel, Role.UNKNOWN), state.catalogue):
                told = Text(f"{clock(event.start_sample)}   ", style="dim").append_text(tag_line(found))
                self._console.print(told, soft_wrap=True)
                self._console.file.flush()
            case MoodAlert():
                self._beside.print(Text(alert_line(event, state), style="bold red"), soft_wrap=True)
            case AudioWarning():
                where = f" (channel {event.channel})" if event.channel is not None else ""
                line = f"warning{where}: {printable(event.message)}"
                self._beside.print(Text(line, style="yellow"), soft_wrap=True)
            case Paused() | Resumed():
                word = "paused" if isinstance(event, Paused) else "resumed"
                self._beside.print(Text(f"{word} at {clock(event.start_sample)}", style="yellow"))


class JsonLines:
    """Every event as one line of JSON, partials included, for programs."""

    def __init__(self, out: TextIO, controls: Controls) -> None:
        self._out, self._controls = out, controls

    def watch(self, run: LiveRun) -> None:
        """Print until the call is done and everything is printed."""
        follow(run, self._controls, self._show)

    def _show(self, event: Event) -> None:
        click.echo(json.dumps(to_wire(event), ensure_ascii=False).encode("utf-8", "backslashreplace"), self._out)


def follow(run: LiveRun, controls: Controls, show: Callable[[Event], None]) -> None:
    """Show each event until there are no more. When the reader has gone, the call ends in order."""
    gone: BrokenPipeError | None = None
    while True:
        controls.obey(run, 0)
        try:
            event = run.desk.next(REFRESH_S)
        except queue.Empty:
            continue
        if event is None:
            break
        if gone is None:
            try:
                show(event)
            except BrokenPipeError as error:
                gone = error
                run.stop()
    if gone is not None:
        raise gone


def alert_line(alert: MoodAlert, state: ScreenState) -> str:
    """A turn of the mood, in words."""
    role = state.roles.get(alert.channel, Role.UNKNOWN)
    who = role_name(role, state.language) if role is not Role.UNKNOWN else f"channel {alert.channel}"
    turned = "is getting upset" if alert.kind == "worsening" else "has calmed down"
    return f"{clock(alert.at_sample)} {who} {turned} ({alert.probability:.0%})"


def _channel(event: Final) -> str:
    return f"{'声道' if is_chinese(event.language) else 'channel'} {event.channel}"
