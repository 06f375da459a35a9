"""What the user named on the command line, as a list of files."""

from __future__ import annotations

import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from callcore.errors import AudioNotFound

# What a folder is searched for. A file named by itself is tried whatever its suffix.
SUFFIXES = frozenset(
    ".wav .wave .mp3 .m4a .aac .ogg .oga .opus .flac .amr .awb .gsm .wma .aif .aiff .au .snd .caf .webm .mp4 .mkv"
    " .mov .avi .3gp .ts .al .ul".split()
)
STDIN = Path("-")


@dataclass(slots=True)
class Found:
    """The files that names lead to, each once, and the names that lead to none."""

    files: list[Path] = field(default_factory=list)
    missing: dict[Path, AudioNotFound] = field(default_factory=dict)


def find_inputs(names: Iterable[str]) -> Found:
    """Files for paths, folders (searched through, hidden files left out), patterns and ``-``, in order.

    One wrong name is no reason to leave the others undone, so nothing is raised.
    """
    found = Found()
    seen: set[str] = set()
    for name in names:
        files = list(_expand(name))
        if not files:
            hint = "Check the path; quote patterns; a folder must hold audio files."
            found.missing[Path(name)] = AudioNotFound(_nothing(name), hint)
        for file in files:
            spelt = os.path.abspath(file)  # noqa: PTH100  (Path.resolve would follow links, which are files of their own)
            if spelt not in seen:
                seen.add(spelt)
                found.files.append(file)
    return found


def audio_files(folder: Path) -> Iterator[Path]:
    """Audio files below ``folder``, by suffix, sorted, hidden ones left out.

    A folder below that cannot be searched is given itself, so that it is reported like a file that cannot be read.
    """
    closed: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            # Links that lead nowhere are named like any other bad file; pipes and devices were not meant.
            if is_audio_name(name) and (os.path.isfile(path) or path.is_symlink()):  # noqa: PTH113  (never raises)
                yield path
    yield from closed


def is_audio_name(name: str) -> bool:
    """Whether a folder is searched for files of such a name."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122  (many names)


@contextmanager
def received(files: Iterable[Path], stdin: BinaryIO) -> Iterator[dict[Path, Path]]:
    """Standard input and named pipes, which can be read once, as files: a batch reads its inputs twice.

    The mapping leads from the input to the file, which is gone when the context ends. Raises ``OSError``.
    """
    once = [file for file in files if file == STDIN or _is_pipe(file)]
    if not once:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="callcore-") as folder:
        copies = {file: Path(folder) / f"{number}{file.suffix}" for number, file in enumerate(once)}
        for file, copy in copies.items():
            with copy.open("wb") as target:
                if file == STDIN:
                    shutil.copyfileobj(stdin, target)
                else:
                    with file.open("rb") as source:
                        shutil.copyfileobj(source, target)
        yield copies


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _expand(name: str) -> Iterator[Path]:
    # os.path answers False for names that are too long or may not be looked at; Path raises.
    if os.path.isdir(name):  # noqa: PTH112
        yield from audio_files(Path(name))
    elif name == str(STDIN) or os.path.lexists(name):
        yield Path(name)
    elif glob.has_magic(name):
        for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207  (Path.glob takes no absolute patterns)
            yield from audio_files(Path(match)) if Path(match).is_dir() else [Path(match)]


def _nothing(name: str) -> str:
    if os.path.isdir(name):  # noqa: PTH112
        return f"no audio files in {name}."
    return f"nothing matches {name}." if glob.has_magic(name) else f"no such file: {name}."
