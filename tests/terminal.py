"""A program in a terminal of its own: what it shows, keys pressed, the terminal it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"

# The child makes the terminal its own, so that Ctrl-C reaches it, and becomes the program.
CHILD = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Terminal:
    """``python ARGUMENTS`` in a pseudo terminal, killed at the latest when the context ends."""

    def __init__(self, *arguments: object, columns: int = 80, rows: int = 24, **environment: str) -> None:
        self._ours, self._theirs = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._theirs)
        path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
        own: Mapping[str, str] = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "TERM": "xterm-256color"}
        self._written = ""
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, arguments)],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, **own, **environment},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._theirs)
        self._reader.join(PATIENCE_S)
        os.close(self._ours)

    @property
    def written(self) -> str:
        """All it has written, escape sequences included."""
        with self._changed:
            return self._written

    @property
    def after(self) -> list:
        """The settings of the terminal now."""
        return termios.tcgetattr(self._theirs)

    def wait_for(self, text: str, start: int = 0) -> int:
        """Wait until it shows ``text`` after position ``start`` of what it wrote; returns the position behind it."""
        with self._changed:
            shown = self._changed.wait_for(lambda: text in self._written[start:], PATIENCE_S)
            assert shown, f"{text!r} was not shown:\n{plain(self._written[-3000:])}"
            return self._written.index(text, start) + len(text)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal smaller or larger."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def exit_code(self) -> int:
        """Once it has ended."""
        return self._process.wait(PATIENCE_S)

    def _read(self) -> None:
        pieces = b""
        while True:
            try:
                read = os.read(self._ours, 65536)
            except OSError:
                return
            pieces += read
            text = pieces.decode("utf-8", "ignore")
            with self._changed:
                self._written = text
                self._changed.notify_all()


def plain(text: str) -> str:
    """Without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
