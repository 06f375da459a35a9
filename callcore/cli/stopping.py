"""Ctrl-C, and the signals that end a service: the first ends the work in order, the second ends it at once."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
SHOW_CURSOR = "\x1b[?25h"


class Stopping:
    """While it is entered, the first signal raises KeyboardInterrupt in the main thread; the next ends the process.

    The database and the results stand a process that ends at any moment. Signals that are ignored (``nohup``) stay so.
    """

    def __init__(self) -> None:
        self.raising = True  #: False while somebody looks at :attr:`asked` again and again instead
        self._signal = 0
        self._before: dict[int, Any] = {}
        self.folders: set[Path] = set()  #: removed even when the process ends at once
        self.restorers: list[Callable[[], None]] = []  #: called even then: they give the terminal back as it was

    @property
    def asked(self) -> bool:
        """Whether a signal has come."""
        return bool(self._signal)

    @property
    def exit_code(self) -> int:
        """128 + the signal, as shells report it."""
        return 128 + (self._signal or signal.SIGINT)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._signal:
            self._leave()
        self._signal = number
        if self.raising:
            raise KeyboardInterrupt

    def _leave(self) -> NoReturn:
        for restore in self.restorers:
            restore()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), SHOW_CURSOR.encode())  # a progress bar has hidden it
        os._exit(self.exit_code)
