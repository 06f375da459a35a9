"""What the benchmark and the systems it measures say to each other.

A *system* is a recogniser that listens to calls: callcore itself, or another program behind an adapter. The benchmark
opens *sessions* (one per call) and sends each 20 ms of all channels when they are due. What a listener would see is
written to the session's :class:`ShownLog` the moment it arrives; the log puts the time to it, so the stamps of all
systems come from the same clock and the same line of code.

Threads, not tasks: ``send`` is called from one thread for all sessions and must hand over and return. An adapter that
lives on asyncio runs a loop in a thread of its own and crosses with ``loop.call_soon_threadsafe``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

TICK_S = 0.02  #: length of what is sent at once

Frame = npt.NDArray[np.int16]  #: 20 ms of one channel: shape (n,), int16, at the call's own rate
Clock = Callable[[], float]  #: seconds, one origin for all processes of the machine


def now() -> float:
    """The benchmark's clock: seconds, equal in all processes of a machine, never set back."""
    return time.perf_counter()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a listener sees on one channel at one moment; each text begins with the one before it.

    ``at_s``: when it arrived, seconds since t = 0 (the scheduled time of the call's first frame). ``final``: all that
    will not change. ``committed``: with what the system promises to keep of what is still being said; only grows unless
    a final revises it. ``shown``: with what may still change. ``heard_until_s``: the end, in seconds of the call, of
    the audio behind this text, where the system tells it.
    """

    channel: int
    at_s: float
    final: str
    committed: str
    shown: str
    heard_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A :class:`Shown` without what it shares with the entry before it, so that a long call is not kept n² times."""

    channel: int
    at_s: float
    final_kept: bool  #: whether ``final`` holds only what was added to the previous final of the channel
    final: str
    committed: str  #: what follows the final
    tentative: str  #: what follows the committed text
    heard_until_s: float | None


class ShownLog:
    """All a listener saw of one call, stamped as it arrived. Any thread may write; iterating gives :class:`Shown`."""

    def __init__(self, clock: Clock = now) -> None:
        """``clock``: seconds; the benchmark sets :attr:`t0` before the first frame is sent."""
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []
        self._last: dict[int, tuple[str, str, str]] = {}
        self.t0 = 0.0  #: the clock at the scheduled time of the call's first frame

    def show(
        self, channel: int, *, final: str, committed: str = "", tentative: str = "", heard_until_s: float | None = None
    ) -> None:
        """Stamp and keep what is seen now.

        ``final``: all final text of the channel from the start of the call. ``committed``: what follows it and is
        promised. ``tentative``: what follows that and may change. A text equal to the last one of the channel is kept
        only when ``heard_until_s`` is told (it shows that the system has moved on).
        """
        at_s = self._clock() - self.t0
        with self._lock:
            before = self._last.get(channel, ("", "", ""))
            if before == (final, committed, tentative) and heard_until_s is None:
                return
            self._last[channel] = (final, committed, tentative)
            grown = final.startswith(before[0])
            kept = final[len(before[0]) :] if grown else final
            self._entries.append(_Entry(channel, at_s, grown, kept, committed, tentative, heard_until_s))

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Shown]:
        with self._lock:
            entries = tuple(self._entries)
        finals: dict[int, str] = {}
        for entry in entries:
            final = finals.get(entry.channel, "") + entry.final if entry.final_kept else entry.final
            finals[entry.channel] = final
            committed = final + entry.committed
            shown = committed + entry.tentative
            yield Shown(entry.channel, entry.at_s, final, committed, shown, entry.heard_until_s)


class Session(Protocol):
    """One call being listened to."""

    def send(self, tick_index: int, frames: Sequence[Frame]) -> None:
        """20 ms of every channel, in order of channel. Hands over and returns at once; never waits for the system.

        Sent from one thread for all sessions. Trouble with the system goes to :meth:`problems`, not to the sender.
        """
        ...

    def finish(self) -> None:
        """No more audio will come. Returns at once."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything that will be said about the call is in the log. False when time ran out."""
        ...

    def problems(self) -> Sequence[str]:
        """What went wrong (connection lost, audio dropped, decode failed): one line each, no words said."""
        ...


class System(Protocol):
    """A recogniser of live calls that can be measured."""

    @property
    def name(self) -> str:
        """Short name for tables."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """All that would change its result: model, versions, options; ready for JSON."""
        ...

    @property
    def turn_finals(self) -> bool:
        """Whether its finals mark the end of a turn; False for systems that make single words final."""
        ...

    def start(self) -> None:
        """Load models, start servers; returns when calls can be opened. Raises ``CallcoreError``."""
        ...

    def open_call(self, call_id: str, channel_count: int, rate_hz: int, log: ShownLog) -> Session:
        """Get ready for a call; ``log`` takes all it shows. Raises ``CallcoreError`` (``Overloaded`` when refused)."""
        ...

    def pids(self) -> Sequence[int]:
        """Processes whose time and memory are the system's; their children count too."""
        ...

    def close(self) -> None:
        """Free everything; end the servers that were started."""
        ...
