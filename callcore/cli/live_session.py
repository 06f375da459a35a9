"""From the options of ``callcore live`` to a call that was followed, stored and printed."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from callcore.assembly import CallFacts
from callcore.audio import content_sha256
from callcore.cli.conversation import print_conversation, print_facts
from callcore.cli.counts import count_of
from callcore.cli.keys import Keys, foreground
from callcore.cli.live_order import print_filed
from callcore.cli.live_run import Begin, EventDesk, LiveRun, timed
from callcore.cli.live_sources import CallSource, open_source
from callcore.cli.live_state import ScreenState
from callcore.cli.live_views import LEAVE_SCREEN, Controls, FullScreen, JsonLines, Lines, View, line_console
from callcore.cli.printing import printable
from callcore.cli.stopping import Stopping
from callcore.cli.tags import bank_catalogue
from callcore.cli.ticket_panel import ticket_fields
from callcore.config import Settings
from callcore.errors import CallcoreError, unexpected
from callcore.live.buffer import TickBuffer
from callcore.live.call import LiveCall
from callcore.live.rescue import rescue
from callcore.live.station import LiveStation
from callcore.live.storing import Storing
from callcore.live.timing import FinalTimer
from callcore.orders import Filed, Filer
from callcore.paths import database_file
from callcore.record import fold
from callcore.store import Store, new_call_id
from callcore.store.files import MadeFile
from callcore.types import CallStarted


class LiveSession:
    """One run of the command."""

    def __init__(self, settings: Settings, options: Mapping[str, Any], stopping: Stopping) -> None:
        self._settings, self._options, self._stopping = settings, options, stopping
        self._kept = ""  #: where the words are that the database did not take
        self._filer: Filer | None = None
        self._filed: Filed | None = None
        self._out = line_console()
        self._beside = Console(stderr=True, highlight=False, soft_wrap=True)
        plain = options["plain"] or options["jsonl"]
        self._full_screen = not plain and self._out.is_terminal and not self._out.is_dumb_terminal and foreground()

    def run(self, view: View | None = None) -> int:
        """Follow a call and print it; returns the exit code. Raises what made it impossible, or ended it.

        ``view``: shows the call, in place of the one that options and terminal ask for.
        """
        with ExitStack() as stack:
            buffer, timer = TickBuffer(self._settings.live.buffer_s), FinalTimer()
            source = open_source(self._settings, self._options, timed(buffer.put, timer), buffer.close)
            stack.callback(source.stop)
            digest = self._digest()
            store = None
            if not self._options["no_store"]:
                store = stack.enter_context(Store.open(database_file(self._settings.store), self._settings.store))
            catalogue = bank_catalogue(self._settings.understand)
            language = self._options["language"] or ""
            fields = ticket_fields(self._settings)
            state = ScreenState(source.channels, source.roles, language, catalogue, fields)
            desk = EventDesk(
                state, timer, _beginning(store, digest, self._options["record"]), printing=not self._full_screen
            )
            with self._beside.status("Loading the model ...") if self._beside.is_terminal else nullcontext():
                station = stack.enter_context(LiveStation(self._settings))
                call = self._call(station, source, desk, digest, buffer)
                self._filer = station.filer
            interval_s = self._settings.live.partial_interval_ms / 1000
            dead_air_s = self._settings.understand.dead_air_s
            metrics = station.scheduler.metrics
            run = LiveRun(call, source, buffer, desk, metrics=metrics, interval_s=interval_s, dead_air_s=dead_air_s)
            code = self._follow(run, source, store, view)
            if self._options["review"]:
                self._review(run, store)
            return code

    def _digest(self) -> str:
        """What identifies the call's content. A call from devices exists once: a number of its own stands for it."""
        replay = self._options["replay"]
        return content_sha256(replay) if replay else secrets.token_hex(32)

    def _call(
        self, station: LiveStation, source: CallSource, desk: EventDesk, digest: str, buffer: TickBuffer
    ) -> LiveCall:
        facts = CallFacts(
            call_id=new_call_id(datetime.now(UTC), digest, station.model.model_hash + station.settings_hash),
            source=source.name,
            channels=tuple(source.channels),
            channel_count=source.channel_count,
            rate_hz=source.rate_hz,
            roles=source.roles,
        )
        return station.call(facts, desk, backlog_s=lambda: buffer.waiting_s)

    def _follow(self, run: LiveRun, source: CallSource, store: Store | None, view: View | None) -> int:
        """The call from its first sound to its last text, whatever happens; then what it was is printed."""
        run.start()
        gone: BrokenPipeError | None = None
        crashed = True
        try:
            try:
                self._watch(run, view)
            except BrokenPipeError as error:
                gone = error
            crashed = False
        finally:  # whatever happened, what was said up to now is written down and stored
            broken = run.finish() or source.error
            refused = self._end_storing(run, source, failed=crashed or broken is not None)
            refused = refused or self._file(run, store)
        self._print(run, store, gone=gone is not None)
        for problem in (broken, refused, gone):
            if problem is not None:
                raise problem
        return 0

    def _review(self, run: LiveRun, store: Store | None) -> None:
        from callcore.cli.live_review import review

        path = self._options["replay"] or self._options["record"]
        review(path, fold(run.desk.events), self._settings, self._options["review"], store, self._out, self._beside)

    def _watch(self, run: LiveRun, view: View | None) -> None:
        with Keys() as keys:
            self._stopping.restorers.append(keys.restore)
            if self._full_screen:
                self._stopping.restorers.append(_leave_screen)
            # From now on the first signal ends the call in order: nothing is torn out of its work.
            self._stopping.raising = False
            try:
                (view or self._view(Controls(keys, self._stopping))).watch(run)
            finally:
                self._stopping.raising = True
        self._stopping.restorers.clear()

    def _view(self, controls: Controls) -> View:
        if self._full_screen:
            return FullScreen(self._out, controls)
        if self._options["jsonl"]:
            return JsonLines(sys.stdout, controls)
        return Lines(self._out, self._beside, controls)

    def _end_storing(self, run: LiveRun, source: CallSource, *, failed: bool) -> CallcoreError | None:
        storing = run.desk.storing
        if storing is None:
            return None
        reason = ""
        if failed or not run.desk.complete:
            reason = "the call broke off"
        elif self._options["replay"]:
            # A call that is done stands for its whole content.
            reason = "stopped before the end of the file" if run.cut else "paused" if source.was_paused else ""
        try:
            storing.close(reason)
        except CallcoreError as error:
            kept = rescue(run.call_id, run.desk.events)
            self._kept = str(kept) if kept else "nowhere else: there is no room. Save what is on the screen"
            return error
        return None

    def _file(self, run: LiveRun, store: Store | None) -> CallcoreError | None:
        """Fill the work order from what is stored; whatever is wrong with it, the call is stored."""
        if store is None or self._filer is None or run.desk.storing is None:
            return None
        try:
            self._filed = self._filer.file(store, run.call_id, datetime.now(UTC))
        except Exception as error:
            known = error if isinstance(error, CallcoreError) else unexpected(error)
            known.hint += f" The call is stored; its work order later: callcore rescore {run.call_id} --apply"
            return known
        return None

    def _print(self, run: LiveRun, store: Store | None, *, gone: bool) -> None:
        record = fold(run.desk.events)
        if record.started is None:
            return
        if self._full_screen and not gone:
            print_conversation(record, self._out)
        print_facts(record, self._beside)
        timing = run.desk.timer.result()
        rows = []
        if timing.count and self._options["speed"] in (None, 1.0):  # at another speed times say nothing
            half, most = f"{timing.p50_s:.2f} s after the last word", f"{timing.p95_s:.2f} s (95 %)"
            rows.append(("final", f"{half} (median), {most}, of {count_of(timing.count, 'text')}"))
        rows.append(("updates", f"{len(record.revisions)} finals revised, {run.dropped} updates dropped"))
        if store is not None:
            rows.append(("database", str(store.path)))
        if self._kept:
            rows.append(("kept", f"{self._kept} (the database lacks some of it)"))
        for name, value in rows:
            self._beside.print(Text.assemble((f"{name:<9} ", "dim"), printable(value)), soft_wrap=True)
        if store is not None and self._filed is not None:
            print_filed(self._filed, store, self._beside)


def _beginning(store: Store | None, digest: str, recording: Path | None) -> Begin | None:
    if store is None:
        return None

    def begin(started: CallStarted) -> Storing:
        now = datetime.now(UTC)
        writer = store.begin_call(started, content_sha256=digest, started_at=now)
        if recording:  # now, and not at its end, which a crash would not reach
            store.files.note([MadeFile(started.call_id, recording, "recording", "")], now)
        return Storing(writer)

    return begin


def _leave_screen() -> None:
    os.write(sys.stdout.fileno(), LEAVE_SCREEN.encode())
