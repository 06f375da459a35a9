"""What the user named on the command line, as a list of files."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

from callcore.errors import AudioNotFound

# What a folder is searched for. A file named by itself is tried whatever its suffix.
SUFFIXES = frozenset(
    ".wav .wave .mp3 .m4a .aac .ogg .oga .opus .flac .amr .awb .gsm .wma .aif .aiff .au .snd .caf .webm .mp4 .mkv"
    " .mov .avi .3gp .ts .al .ul".split()
)


def find_inputs(names: Iterable[str]) -> list[Path]:
    """Files for paths, folders (searched through, hidden files left out) and patterns, each once, in order.

    Raises :class:`AudioNotFound` for a name that leads to no file.
    """
    found: dict[Path, None] = {}
    for name in names:
        files = list(_expand(name))
        if not files:
            raise AudioNotFound(_nothing(name), "Check the path; quote patterns; a folder must hold audio files.")
        found.update(dict.fromkeys(files))
    return list(found)


def audio_files(folder: Path) -> Iterator[Path]:
    """Audio files below ``folder``, by suffix, sorted, hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def _expand(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from audio_files(path)
    elif path.exists() or path.is_symlink():
        yield path
    elif glob.has_magic(name):
        for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207  (Path.glob takes no absolute patterns)
            yield from audio_files(Path(match)) if Path(match).is_dir() else [Path(match)]


def _nothing(name: str) -> str:
    if Path(name).is_dir():
        return f"no audio files in {name}."
    return f"nothing matches {name}." if glob.has_magic(name) else f"no such file: {name}."
