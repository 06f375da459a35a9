"""Which process writes a call, and whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from enum import StrEnum

import psutil

START_TOLERANCE_S = 2.0  # the start time is derived from the boot time, which moves when the clock is set


class Life(StrEnum):
    """What can be said of a process."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"  #: on another host; cannot be judged from here


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: host name, process id and start time (seconds since 1970), since process ids are used again."""

    host: str
    pid: int
    started: float

    @classmethod
    def current(cls) -> Owner:
        """The process that asks."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    def life(self) -> Life:
        """Whether the process lives. One that was killed and not yet collected by its parent is dead."""
        if self.host != socket.gethostname():
            return Life.ELSEWHERE
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= START_TOLERANCE_S
            return Life.ALIVE if same and process.status() != psutil.STATUS_ZOMBIE else Life.DEAD
        except psutil.NoSuchProcess:
            return Life.DEAD
        except psutil.AccessDenied:
            return Life.ALIVE

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"
