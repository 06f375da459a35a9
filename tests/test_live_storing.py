"""Live calls on their way to the database, and how soon their texts were final."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from live_events import final, partial

from callcore.errors import DiskFull, StoreError
from callcore.live.storing import Storing
from callcore.live.timing import FinalTimer
from callcore.store import Status, Store
from callcore.types import AudioFrame, CallEnded, CallStarted, Paused

STARTED = CallStarted("c1", "microphone", 2, 48_000, "scripted", "m", "s")
TIMEOUT_S = 30


class Refusing:
    """A database that refuses until it is mended."""

    def __init__(self, error):
        self.error = error
        self.events = []
        self.ends = []
        self.refused = threading.Event()
        self.wrote = threading.Event()

    def append(self, events):
        if self.error:
            self.refused.set()
            raise self.error
        self.events += events
        self.wrote.set()

    def complete(self, finished_at):
        self.ends.append("done")

    def interrupt(self, reason):
        self.ends.append(reason)


def begin(store):
    return store.begin_call(STARTED, content_sha256="f" * 64, started_at=datetime.now(UTC))


def test_a_call_is_stored_as_it_comes_without_its_partials(tmp_path):
    said = [final("a", 0, 0, 1, "您好。"), Paused(16_000), final("b", 1, 2, 3, "你好。"), CallEnded(48_000, 2)]
    with Store.open(tmp_path / "calls.db") as store:
        storing = Storing(begin(store))
        for event in (STARTED, partial("a", 0, 0, "您", "好"), *said):
            storing.put(event)
        storing.close()
        assert store.events("c1") == [STARTED, *said]
        assert store.list_calls()[0].status is Status.DONE
        assert storing.error is None


def test_a_call_that_is_not_whole_is_interrupted(tmp_path):
    with Store.open(tmp_path / "calls.db") as store:
        storing = Storing(begin(store))
        storing.put(final("a", 0, 0, 1, "您好。"))
        storing.close("stopped before the end of the file")
        (call,) = store.list_calls()
        assert call.status is Status.INTERRUPTED
        assert call.reason == "stopped before the end of the file"
        assert len(store.events("c1")) == 2


def test_what_the_database_refuses_is_kept_and_tried_again():
    writer = Refusing(DiskFull("no space left.", "Free some."))
    storing = Storing(writer, retry_s=0.01)
    storing.put(final("a", 0, 0, 1, "您好。"))
    assert writer.refused.wait(TIMEOUT_S)
    storing.put(final("b", 0, 2, 3, "再见。"))
    assert storing.error is writer.error
    assert writer.events == []
    writer.error = None
    assert writer.wrote.wait(TIMEOUT_S)
    storing.close()
    assert [event.text for event in writer.events] == ["您好。", "再见。"]
    assert writer.ends == ["done"]
    assert storing.error is None


@pytest.mark.parametrize("error", [StoreError("locked.", ""), ValueError("a bug")])
def test_a_database_that_stays_broken_is_told_at_the_end(error):
    writer = Refusing(error)
    storing = Storing(writer, retry_s=60)
    storing.put(final("a", 0, 0, 1, "您好。"))
    assert writer.refused.wait(TIMEOUT_S)
    with pytest.raises(Exception, match=r"locked|ValueError") as raised:
        storing.close()
    assert "您好" not in str(raised.value)
    assert writer.ends == []


class Slow(Refusing):
    """A database that takes its time."""

    def __init__(self):
        super().__init__(None)
        self.go = threading.Event()

    def append(self, events):
        self.go.wait(TIMEOUT_S)
        super().append(events)


SAID = [
    partial("a", 0, 0, "您", "好"),
    final("a", 0, 0, 1, "您好。"),
    partial("b", 1, 2, "你", ""),
    CallEnded(48_000, 2),
]


def test_what_is_shown_is_in_the_database():
    writer, shown = Slow(), []

    def show(event):
        assert isinstance(event, type(SAID[0])) or event in writer.events
        shown.append(event)

    storing = Storing(writer)
    for event in SAID:
        storing.put(event, show)
    assert shown == SAID[:1], "what comes after a final waits for it"
    writer.go.set()
    storing.settle()
    storing.close()
    assert shown == SAID
    assert not storing.behind


def test_a_slow_database_holds_no_word_back_for_long(monkeypatch):
    monkeypatch.setattr("callcore.live.storing.PATIENCE_S", 0.01)
    writer, shown = Slow(), []
    storing = Storing(writer)
    for event in SAID:
        storing.put(event, shown.append)
    while len(shown) < len(SAID):
        storing.release()
    assert shown == SAID
    assert storing.behind
    writer.go.set()
    storing.close()
    storing.put(partial("c", 0, 4, "再", "见"), shown.append)
    assert writer.events == [SAID[1], SAID[3]]


def test_a_database_that_refuses_holds_no_word_back():
    writer, shown = Refusing(DiskFull("no space left.", "Free some.")), []
    storing = Storing(writer, retry_s=0.01)
    for event in SAID:
        storing.put(event, shown.append)
    storing.settle()
    assert shown == SAID
    writer.error = None
    storing.close()
    assert writer.events == [SAID[1], SAID[3]]


def test_a_screen_that_breaks_is_told_to_who_brings_events():
    storing = Storing(Refusing(None))

    def show(event):
        raise ValueError("a bug")

    storing.put(SAID[0], show)
    with pytest.raises(ValueError, match="a bug"):
        storing.put(SAID[1], show)
    storing.close()


def tick(end_s):
    end = round(end_s * 16_000)
    return [AudioFrame(channel, end - 320, np.zeros(320, np.float32)) for channel in (0, 1)]


def test_finalisation_is_counted_from_the_last_word_by_the_clock():
    timer = FinalTimer()
    for number in range(1, 501):  # ten seconds, arriving from 100.0 on
        timer.tick(tick(number * 0.02), 100.0 + number * 0.02)
    timer.event(partial("a", 0, 0, "您", "好"), 101.0)
    timer.event(final("a", 0, 0, 2.0, "您好。"), 102.5)
    timer.event(final("b", 1, 3, 6.0, "你好。"), 107.5)
    result = timer.result()
    assert result.count == 2
    assert result.p50_s == pytest.approx(1.0, abs=0.03)
    assert result.p95_s == pytest.approx(1.45, abs=0.03)


def test_finalisation_of_nothing():
    timer = FinalTimer()
    timer.event(final("a", 0, 0, 2.0, "您好。"), 5.0)  # of audio that never came by
    timer.tick([Paused(0)], 6.0)
    assert timer.result().count == 0
