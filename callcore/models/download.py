"""Fetch one file so that a cut connection, a killed program or a full disk loses nothing and harms nothing.

What has arrived lies in ``NAME.part``; the next attempt, in this run or a later one, asks for the rest. Only a file of
the right size and checksum loses the suffix. (The Hugging Face library lists the files, but since its version 2 it
throws partial files away, so the transfer is ours for all sources.)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from callcore.errors import CallcoreError, ModelDownloadError
from callcore.models.files import disk_error, git_blob_of, sha256_of
from callcore.models.sources import RemoteFile, http_errors, status_error

Progress = Callable[[str, int, int | None], None]  #: file name, bytes so far, bytes in all if known

RETRY_WAITS_S = (1.0, 3.0, 10.0)  #: between attempts that brought nothing; an attempt with progress starts over
PART = ".part"
_BLOCK = 1 << 18
_RANGE_NOT_SATISFIABLE = 416
_WORTH_ANOTHER_TRY = frozenset({408, 429, 500, 502, 503, 504})


class _Interrupted(Exception):
    """The transfer stopped early; what arrived is kept."""

    def __init__(self, cause: CallcoreError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Download:
    """Fetches files over one client. ``headers`` go to the source only, not where it redirects to on another host."""

    http: httpx2.Client
    headers: Mapping[str, str]
    progress: Progress

    def fetch(self, file: RemoteFile, folder: Path) -> None:
        """Bring ``file`` into ``folder`` whole and checked, continuing what an earlier attempt left.

        Raises :class:`ModelDownloadError` (what arrived is kept, unless it is wrong), :class:`DiskFull`.
        """
        target, part = folder / file.name, folder / (file.name + PART)
        if target.exists():  # checked and renamed by an earlier run
            self.progress(file.name, target.stat().st_size, file.size)
            return
        resumed = part.exists()
        self._transfer(file, part)
        fault = _fault(file, part)
        if fault and resumed:
            part.unlink()
            self._transfer(file, part)  # the part may have belonged to another version: once more from the start
            fault = _fault(file, part)
        if fault:
            part.unlink()
            raise ModelDownloadError(
                f"{file.url}: {fault}.", "The file was thrown away. Run the command again, or use another --source."
            )
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(target)

    def _transfer(self, file: RemoteFile, part: Path) -> None:
        waits = iter(RETRY_WAITS_S)
        while True:
            before = _size(part)
            try:
                self._attempt(file, part)
            except _Interrupted as interruption:
                if _size(part) > before:
                    waits = iter(RETRY_WAITS_S)
                wait = next(waits, None)
                if wait is None:
                    raise interruption.cause from interruption
                time.sleep(wait)
            else:
                return

    def _attempt(self, file: RemoteFile, part: Path) -> None:
        have = _size(part)
        if file.size is not None and have > file.size:
            part.unlink()
            have = 0
        if have and have == file.size:
            return
        headers = {**self.headers, **({"Range": f"bytes={have}-"} if have else {})}
        refused: CallcoreError | None = None
        try:
            with http_errors(file.url), self.http.stream("GET", file.url, headers=headers) as response:
                if response.is_success:
                    continues = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
                    self._receive(response, file, part, have if continues else 0)
                else:
                    refused = status_error(response.status_code, file.url)
        except ModelDownloadError as error:
            raise _Interrupted(error) from error
        if refused is not None:
            if response.status_code == _RANGE_NOT_SATISFIABLE:
                part.unlink()  # what lies there is shorter than what is here: another version, so start over
            elif response.status_code not in _WORTH_ANOTHER_TRY:
                raise refused
            raise _Interrupted(refused)
        if file.size is not None and _size(part) < file.size:
            raise _Interrupted(
                ModelDownloadError(
                    f"{file.url}: the connection ended after {_size(part)} of {file.size} bytes.",
                    "Run the same command again: it goes on from there.",
                )
            )

    def _receive(self, response: httpx2.Response, file: RemoteFile, part: Path, start: int) -> None:
        done = start
        try:
            with part.open("ab" if start else "wb") as stream:
                self.progress(file.name, done, file.size)
                for block in response.iter_raw(_BLOCK):
                    stream.write(block)
                    done += len(block)
                    self.progress(file.name, done, file.size)
        except OSError as error:
            raise disk_error(error, part.parent) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _fault(file: RemoteFile, part: Path) -> str:
    """What is wrong with a file that arrived; empty when nothing is."""
    size = _size(part)
    if file.size is not None and size != file.size:
        return f"{size} bytes arrived instead of {file.size}"
    if file.sha256 and sha256_of(part) != file.sha256:
        return "wrong checksum (SHA-256)"
    if file.git_blob and not file.sha256 and git_blob_of(part) != file.git_blob:
        return "wrong checksum (git id)"
    return ""
