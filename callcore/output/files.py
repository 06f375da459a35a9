"""Writing results: whole files or none, and never over a file that is not callcore's own for the same recording.

What callcore wrote into a folder stands in its ledger, :data:`LEDGER`: a JSON line a file with its SHA-256 and the
recording. An existing file may be replaced when the ledger knows its content and the same recording; a file put there
or edited by someone else, or the result of another recording of the same name, is refused. The ledger line is written
before the file, so a run killed between the two still owns what it left.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from callcore.errors import DiskFull, OutputError
from callcore.output.formats import FORMATS, render
from callcore.record import CallRecord

LEDGER = ".callcore-outputs.jsonl"
STDIN = "stdin"  #: the source of a call that was read from standard input
MAX_STEM_BYTES = 240  # file systems allow 255 bytes in a name; the longest extension and a mark must fit behind
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def write(
    record: CallRecord, formats: Collection[str], folder: Path, stem: str, *, overwrite: bool = False
) -> list[Path]:
    """Write the record as ``folder/stem.EXT`` in each format; the paths in the order of ``formats``.

    The folder is made if need be. Files of an earlier run of the same recording are replaced, each at once
    (a reader sees the old file or the new one); any other existing file only with ``overwrite``.

    Raises :class:`~callcore.errors.OutputError` (exists, no permission, not a folder ...) or
    :class:`~callcore.errors.DiskFull`. No temporary file is left then, and nothing was replaced unless putting one
    finished file of several in its place is what failed.
    """
    rendered = {fmt: render(record, fmt).encode() for fmt in formats}
    contents = {folder / f"{stem}{FORMATS[fmt][0]}": content for fmt, content in rendered.items()}
    write_files(folder, contents, _recording(record), overwrite=overwrite)
    return list(contents)


def write_files(
    folder: Path, contents: Mapping[Path, bytes], recording: Mapping[str, str], *, overwrite: bool = False
) -> None:
    """Write files of ``folder`` in the same manner. ``recording``: what they are of (``source``, ``call_id``)."""
    make_folder(folder)
    with _as_output_error(folder):
        if not overwrite:
            for path, content in contents.items():
                _check_replaceable(path, content, recording)
        _replace_all(folder, contents, recording)


def make_folder(folder: Path) -> None:
    """Make a folder for results if need be. Raises :class:`~callcore.errors.OutputError`, :class:`DiskFull`."""
    with _as_output_error(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)


def check_folder(folder: Path) -> None:
    """Make a folder for results and see that files can be written there, before anything is worked out for it.

    Raises :class:`~callcore.errors.OutputError`, :class:`~callcore.errors.DiskFull`.
    """
    if folder.is_file():
        raise OutputError(f"cannot write results in {folder}: it is a file.", "Name a folder with --output.")
    make_folder(folder)
    with _as_output_error(folder), tempfile.TemporaryFile(dir=folder):
        pass


def plan_names(paths: Iterable[Path]) -> dict[Path, str]:
    """A name without extension for the results of each recording of a run, all different.

    A recording's own stem where it is the only one of that name. Else as many parent folders as tell them apart are put
    before it (``monday-call``, ``tuesday-call``); recordings of one folder that differ in extension keep it
    (``call.wav``, ``call.mp3``). Names count as equal when they differ only in case, as on Windows and macOS.
    The order of the paths does not matter.
    """
    recordings = list(dict.fromkeys(paths))
    folders = Counter(_key(str(path.with_suffix(""))) for path in recordings)
    base = {path: path.name if folders[_key(str(path.with_suffix("")))] > 1 else path.stem for path in recordings}
    names = {path: STDIN if str(path) == "-" else base[path] for path in recordings}
    for depth in range(1, max((len(path.parts) for path in recordings), default=0)):
        for path in _colliding(names):
            parents = [part.strip(":\\/.") for part in path.parts[:-1][-depth:]]
            names[path] = "-".join([*filter(None, parents), base[path]])
    for path in _colliding(names):
        names[path] += f"-{_digest(os.fsencode(path))[:8]}"
    return {path: shortened(name) for path, name in names.items()}


def _colliding(names: Mapping[Path, str]) -> list[Path]:
    count = Counter(_key(name) for name in names.values())
    return [path for path, name in names.items() if count[_key(name)] > 1]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def shortened(name: str) -> str:
    """A name without extension that file systems allow: one that is too long ends in a hash of it."""
    raw = os.fsencode(name)
    if len(raw) <= MAX_STEM_BYTES:
        return name
    return f"{raw[: MAX_STEM_BYTES - 9].decode(errors='ignore')}-{_digest(raw)[:8]}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _recording(record: CallRecord) -> dict[str, str]:
    started = record.started
    return {"source": started.source, "call_id": started.call_id} if started else {"source": "", "call_id": ""}


def _check_replaceable(path: Path, content: bytes, recording: Mapping[str, str]) -> None:
    if not path.exists():
        return
    present = path.read_bytes()
    if present == content:
        return
    owners = [entry for entry in _ledger(path.parent, path.name) if entry.get("sha256") == _digest(present)]
    if not owners:
        raise OutputError(
            f"{path} exists and callcore did not write it, or it was changed since.",
            "Move it away, choose another folder with --output, or replace it with --overwrite.",
        )
    # What comes through a pipe has no name of its own: two calls from standard input are two recordings.
    keys = ["call_id"] if recording["source"] == STDIN else ["call_id", "source"]
    if not any(entry.get(key) == recording[key] for entry in owners for key in keys):
        raise OutputError(
            f"{path} is the result of another recording, {owners[-1].get('source')}.",
            "Choose another folder with --output, or replace it with --overwrite.",
        )


def _ledger(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The ledger's entries for a file name; none where there is no ledger."""
    file = folder / LEDGER
    if not file.exists():
        return
    for line in file.read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # a line torn by a full disk or a power cut: its file was not replaced either
            continue
        if isinstance(entry, dict) and entry.get("file") == name:
            yield entry


def _replace_all(folder: Path, contents: Mapping[Path, bytes], recording: Mapping[str, str]) -> None:
    temporary = {path: folder / f".callcore-{uuid4().hex}.tmp" for path in contents}
    try:
        for path, content in contents.items():
            _write_synced(temporary[path], content)
        for path, content in contents.items():
            _note(folder, {"file": path.name, "sha256": _digest(content), **recording})
        for path, finished in temporary.items():
            finished.replace(path)
    finally:  # also on Ctrl-C
        for left in temporary.values():
            left.unlink(missing_ok=True)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a full disk may show only here


def _note(folder: Path, entry: dict[str, str]) -> None:
    """Append an entry to the ledger, in one write so that runs side by side do not mix, unless it stands there."""
    if entry in _ledger(folder, entry["file"]):
        return
    line = json.dumps(entry).encode() + b"\n"
    with (folder / LEDGER).open("a+b", buffering=0) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)


@contextmanager
def _as_output_error(folder: Path, what: str = "write results in") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise DiskFull(
                f"no space left to write results in {folder}.",
                "Free some space or choose another folder with --output; files that were there are untouched.",
            ) from error
        raise OutputError(
            f"cannot {what} {folder}: {error.strerror or error}.",
            "Check that it is a folder you may write to, or choose another with --output.",
        ) from error
