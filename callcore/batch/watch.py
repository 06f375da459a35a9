"""Watch a folder that a recorder drops files into; each file is handed on once it has stopped growing."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from watchfiles import watch

from callcore.batch.inputs import audio_files, is_audio_name
from callcore.errors import AudioNotFound
from callcore.output import shortened

SETTLE_S = 2.0  #: a file is whole when its size and time have not changed for this long
WAKE_MS = 500  #: how often files that are still growing are looked at
RESCAN_S = 15.0  #: the whole folder is searched at least so often: network drives do not tell of changes

Stamp = tuple[int, int, int]  #: inode, size in bytes, time of change in ns


class Arrivals:
    """Which files of a folder are whole and were not handed on yet. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._growing: dict[Path, tuple[Stamp, float]] = {}  # with the moment it was first seen so
        self._handed: dict[Path, Stamp] = {}

    @property
    def waiting(self) -> bool:
        """Whether some file may become whole without any further change."""
        return bool(self._growing)

    def look(self, files: Iterable[Path]) -> list[Path]:
        """The files of a folder that have rested for :data:`SETTLE_S`, each once, again only after a change."""
        now = self._clock()
        seen: dict[Path, tuple[Stamp, float]] = {}
        whole: list[Path] = []
        for path in files:
            stamp = _stamp(path)
            if stamp is None or self._handed.get(path) == stamp:
                continue
            before, since = self._growing.get(path, (stamp, now))
            since = since if before == stamp else now
            if now - since >= SETTLE_S:
                whole.append(path)
                self._handed[path] = stamp
            else:
                seen[path] = (stamp, since)
        self._growing = seen
        return whole


def watch_folder(folder: Path, stop: threading.Event) -> Iterator[list[Path]]:
    """New or changed audio files below ``folder``, those already there first, until ``stop`` is set.

    A file that is still being written is held back until it has rested for :data:`SETTLE_S`, however much goes on
    beside it. Raises :class:`AudioNotFound` when the folder goes away.
    """
    arrivals = Arrivals()
    searched = -RESCAN_S
    for changes in watch(
        folder, stop_event=stop, debounce=WAKE_MS, rust_timeout=WAKE_MS, yield_on_timeout=True, raise_interrupt=True
    ):
        if not (changes or arrivals.waiting or time.monotonic() - searched >= RESCAN_S):
            continue
        if not os.path.isdir(folder):  # noqa: PTH112  (never raises)
            raise AudioNotFound(f"the watched folder {folder} is gone.", "Bring it back and start again.")
        searched = time.monotonic()
        whole = arrivals.look(audio_files(folder))
        if whole:
            yield whole


def watched_names(folder: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Names for the results of files of a watched folder, without extension.

    They tell apart files that arrive days apart, so they come from the path below ``folder`` alone
    (``monday/call.wav``: ``monday-call``). The extension is kept where a file differs from one beside it by that only.
    """
    files = list(paths)
    stems = {parent: _stems(parent) for parent in {file.parent for file in files}}
    named: dict[Path, str] = {}
    for path in files:
        last = path.name if stems[path.parent][path.stem.casefold()] > 1 else path.stem
        named[path] = shortened("-".join([*path.relative_to(folder).parts[:-1], last]))
    return named


def _stems(folder: Path) -> Counter[str]:
    try:
        return Counter(Path(name).stem.casefold() for name in os.listdir(folder) if is_audio_name(name))  # noqa: PTH208
    except OSError:  # gone since
        return Counter()


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116  (thousands of files)
    except OSError:  # gone again, or a link that leads nowhere
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)
