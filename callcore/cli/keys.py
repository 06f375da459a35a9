"""Single keys from the terminal, without Enter and without echo."""

from __future__ import annotations

import os
import select
import sys
import time
import unicodedata
from types import TracebackType
from typing import Any, Self

ESCAPE = "\x1b"
CHUNK_BYTES = 64
POLL_S = 0.02


class Keys:
    """While it is entered, the terminal behind standard input gives single keys; without a terminal there are none.

    Signals keep their keys (Ctrl-C), but for Ctrl-Z: a call that is suspended would hear nothing. ``restore`` may be
    called from a signal handler, and more than once.
    """

    def __init__(self) -> None:
        self._before: list[Any] | None = None
        self._fd = -1

    @property
    def there(self) -> bool:
        """Whether keys can be read."""
        return self._fd >= 0

    def __enter__(self) -> Self:
        if foreground():
            self._fd = sys.stdin.fileno()
            self._prepare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()
        self._fd = -1

    if sys.platform == "win32":

        def wait(self, timeout_s: float) -> str:
            """The next key in lower case; "" when none came within ``timeout_s`` seconds."""
            import msvcrt

            until = time.monotonic() + timeout_s
            while not (self.there and msvcrt.kbhit()):
                left = until - time.monotonic()
                if left <= 0:
                    return ""
                time.sleep(min(left, POLL_S))
            return _key(msvcrt.getwch())

        def restore(self) -> None:
            """Nothing was changed."""

        def _prepare(self) -> None:
            """The console gives single keys by itself."""

    else:

        def wait(self, timeout_s: float) -> str:
            """The next key in lower case; "" when none came within ``timeout_s`` seconds."""
            if not self.there:
                time.sleep(timeout_s)
                return ""
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return ""
            try:
                read = os.read(self._fd, CHUNK_BYTES)
            except OSError:
                read = b""
            # Nothing is there after all: a signal's key threw it away, or the terminal is gone.
            if not read and not os.isatty(self._fd):
                self._fd = -1
            return _key(read.decode(errors="ignore"))

        def restore(self) -> None:
            """Give the terminal back as it was."""
            import termios

            if self._before is not None and self._fd >= 0:
                before, self._before = self._before, None
                try:
                    termios.tcsetattr(self._fd, termios.TCSANOW, before)
                except termios.error:
                    return  # the terminal is gone, and its settings with it

        def _prepare(self) -> None:
            import termios
            import tty

            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd, termios.TCSANOW)
            changed = termios.tcgetattr(self._fd)
            changed[6][termios.VSUSP] = b"\0"
            # Reading must never wait: Ctrl-C throws away what select() has seen, and a signal that comes just before
            # a read that waits would go unheard.
            changed[6][termios.VMIN], changed[6][termios.VTIME] = 0, 0
            termios.tcsetattr(self._fd, termios.TCSANOW, changed)


def _key(read: str) -> str:
    """The first letter; also of an input method that writes full-width letters. Arrows and the like are no keys."""
    if not read or read[0] == ESCAPE:
        return ""
    return unicodedata.normalize("NFKC", read[0]).lower()


def foreground() -> bool:
    """Whether standard input is a terminal that this process may read from."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # it controls another session
        return True
