"""A live call while it goes on: keys, ends of all kinds, and what is printed for people and programs."""

from __future__ import annotations

import io
import json
import threading

import pytest
from live_events import final, partial
from live_fakes import ENDED, STARTED, FakeBuffer, FakeCall, FakeSource
from rich.console import Console

from callcore.cli.live_run import EventDesk, LiveRun
from callcore.cli.live_state import ScreenState
from callcore.cli.live_views import Controls, FullScreen, JsonLines, Lines, line_console
from callcore.errors import CallcoreError, DeviceNotFound, StoreError
from callcore.live.timing import FinalTimer
from callcore.types import AudioWarning, CallEnded, Paused, Role, WarningKind
from callcore.wire import from_wire

BOTH = {0: Role.AGENT, 1: Role.CUSTOMER}
SAID = (partial("a", 0, 0, "您", "好"), final("a", 0, 0, 1, "您好。"), final("b", 1, 2, 3, "你好。"))


class ScriptedKeys:
    """One key at each look, then none."""

    there = True

    def __init__(self, *keys, then=lambda: None):
        self._keys = list(keys)
        self._then = then

    def wait(self, timeout_s):
        if self._keys:
            return self._keys.pop(0)
        self._then()
        threading.Event().wait(timeout_s)
        return ""


class Signals:
    asked = False


def a_run(*, events=SAID, last=(ENDED,), source=None, error=None, begin=None, printing=True):
    desk = EventDesk(ScreenState([0, 1], BOTH, "zh"), FinalTimer(), begin, printing=printing)
    buffer = FakeBuffer()
    source = source or FakeSource()
    call = FakeCall(desk, events, last, error)
    run = LiveRun(call, source, buffer, desk)
    return run, source, call


def screen(file=None, **options):
    return Console(file=file or io.StringIO(), force_terminal=True, width=80, height=24, **options)


def test_the_end_of_the_source_ends_the_call_with_its_last_texts():
    late = final("c", 0, 4, 5, "再见。")
    run, source, _ = a_run(last=(late, CallEnded(80_000, 3)))
    run.start()
    source.finished = True
    out = io.StringIO()
    Lines(Console(file=out), Console(file=io.StringIO()), Controls(ScriptedKeys(), Signals())).watch(run)
    run.finish()
    assert out.getvalue().splitlines() == ["00:00   坐席  您好。", "00:02   客户  你好。", "00:04   坐席  再见。"]
    assert not run.cut
    assert run.desk.complete
    assert run.desk.events == [STARTED, *SAID[1:], late, CallEnded(80_000, 3)]


@pytest.mark.parametrize("by_signal", [False, True])
def test_the_user_ends_the_call_in_order(by_signal):
    run, source, _ = a_run()
    signals = Signals()
    signals.asked = by_signal
    run.start()
    file = io.StringIO()
    FullScreen(screen(file), Controls(ScriptedKeys(*("" if by_signal else "q")), signals)).watch(run)
    run.finish()
    assert run.cut
    assert source.calls == ["start", "stop"]
    assert run.desk.complete
    assert "\x1b[?1049h" in file.getvalue()
    assert "\x1b[?1049l" in file.getvalue()
    assert "您好。" in file.getvalue()


def test_p_pauses_and_resumes():
    run, source, call = a_run()
    run.start()
    keys = ScriptedKeys("x", "p")
    controls = Controls(keys, Signals())
    for _ in range(2):
        controls.obey(run, 0.01)
    assert source.calls == ["start", "pause"]
    call.paused = True
    while not run.vitals().paused:
        pass
    Controls(ScriptedKeys("p", "q"), Signals()).obey(run, 0.01)
    assert source.calls == ["start", "pause", "resume"]
    run.stop()
    run.toggle_pause()  # too late
    run.finish()
    assert source.calls == ["start", "pause", "resume", "stop"]


def test_programs_get_every_event_with_partials():
    run, source, _ = a_run()
    source.finished = True
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    run.start()
    JsonLines(out, Controls(ScriptedKeys(), Signals())).watch(run)
    run.finish()
    lines = out.buffer.getvalue().decode("utf-8").splitlines()
    assert [from_wire(json.loads(line)) for line in lines] == [STARTED, *SAID, ENDED]


def test_a_reader_that_has_gone_ends_the_call_in_order():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    run, source, _ = a_run()
    run.start()
    with pytest.raises(BrokenPipeError):
        Lines(line_console(Gone()), Console(file=io.StringIO()), Controls(ScriptedKeys(), Signals())).watch(run)
    run.finish()
    assert run.cut
    assert source.calls == ["start", "stop"]
    assert run.desk.complete


def test_warnings_and_pauses_stand_beside_the_texts():
    warning = AudioWarning(WarningKind.DEVICE_LOST, "the headset went away.", 1, 16_000)
    run, source, _ = a_run(events=(warning, Paused(32_000)))
    source.finished = True
    run.start()
    out, beside = io.StringIO(), io.StringIO()
    Lines(Console(file=out), Console(file=beside), Controls(ScriptedKeys(), Signals())).watch(run)
    run.finish()
    assert out.getvalue() == ""
    assert beside.getvalue().splitlines() == ["warning (channel 1): the headset went away.", "paused at 00:02"]


def test_a_source_that_does_not_open_is_told_at_once():
    error = DeviceNotFound("there is no device called x.", "See callcore devices.")
    run, _, _ = a_run(source=FakeSource(error))
    with pytest.raises(DeviceNotFound):
        run.start()
    assert run.done


@pytest.mark.parametrize(
    ("error", "kind"), [(StoreError("locked.", ""), StoreError), (ValueError("您好"), CallcoreError)]
)
def test_a_call_that_breaks_is_told_without_its_words(error, kind):
    run, _, _ = a_run(error=error)
    run.start()
    Lines(Console(file=io.StringIO()), Console(file=io.StringIO()), Controls(ScriptedKeys(), Signals())).watch(run)
    told = run.finish()
    assert isinstance(told, kind)
    assert "您好" not in str(told)
    assert run.desk.events[1:] == list(SAID[1:])


def test_a_database_that_refuses_is_shown_while_the_call_goes_on():
    class Storing:
        error = StoreError("the database is locked.", "Wait.")
        behind = False

        def put(self, event, show):
            show(event)

        def release(self):
            """Nothing is held back."""

        settle = release

    run, _, _ = a_run(begin=lambda started: Storing())
    run.start()
    while run.desk.storing is None:
        run.tend()
    run.tend()
    assert run.desk.state.notice == "not stored at present: the database is locked."
    Storing.error, Storing.behind = None, True
    run.tend()
    assert run.desk.state.notice == "not stored yet: the database is slow."
    Storing.behind = False
    run.tend()
    assert run.desk.state.notice == ""
    run.finish()


def test_a_slow_reader_costs_partials_only():
    desk = EventDesk(ScreenState([0]), FinalTimer(), None, printing=True)
    for number in range(1500):
        desk(partial("a", 0, 0, "", f"{number}"))
    desk(SAID[1])
    desk.close()
    taken = []
    while (event := desk.next(0)) is not None:
        taken.append(event)
    assert len(taken) < 1500
    assert taken[-1] == SAID[1]
