"""Unpacking the archive of a model, trusting nothing in it.

Only files a model consists of are taken, by their plain names, from one folder of the archive; so nothing can land
elsewhere. An archive with a path that leaves it, or a link, is refused whole: it was not made by honest means.
"""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from callcore.models.files import MODEL_FILES, ModelFault

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip")
WANTED = frozenset({*MODEL_FILES, "callcore-model.json", "README.md", "LICENSE"})
_UNIX_LINK = 0o120000
_UNIX_KIND = 0o170000


@dataclass(frozen=True, slots=True)
class _Member:
    path: PurePosixPath
    size: int
    kind: str  #: "file", "folder", "link" or "other"
    key: str | tarfile.TarInfo  #: what the archive opens it by


class _Archive(Protocol):
    def members(self) -> list[_Member]: ...

    def open(self, member: _Member) -> IO[bytes]: ...


def unpack(archive: Path, folder: Path, reserve: Callable[[int], None]) -> None:
    """Put the model in ``archive`` into ``folder``. ``reserve`` is called with its size in bytes first, and may raise.

    Raises :class:`ModelFault` for what is no archive, damaged, holds no or several models, a link or an unsafe path.
    """
    try:
        with _opened(archive) as opened:
            chosen = _choose(opened.members())
            reserve(sum(member.size for member in chosen))
            for member in chosen:
                with opened.open(member) as source, (folder / member.path.name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                if (folder / member.path.name).stat().st_size != member.size:
                    raise ModelFault(f"{member.path} is cut short in the archive")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError) as error:
        raise ModelFault(f"the archive is damaged ({type(error).__name__})") from error
    except RuntimeError as error:  # what zipfile raises for an encrypted member
        raise ModelFault("the archive is encrypted") from error


def _choose(members: list[_Member]) -> list[_Member]:
    for member in members:
        if member.path.is_absolute() or ".." in member.path.parts or ":" in str(member.path):
            raise ModelFault(f"the archive holds an unsafe path ({str(member.path)[:80]!r}); nothing was unpacked")
        if member.kind in ("link", "other"):
            raise ModelFault(
                f"the archive holds a link or device ({str(member.path)[:80]!r}); pack plain files (tar --dereference)"
            )
    homes = {member.path.parent for member in members if member.path.name == "model.bin" and member.kind == "file"}
    if len(homes) != 1:
        raise ModelFault("the archive holds several models; add one at a time" if homes else "no model.bin in it")
    (home,) = homes
    chosen = {m.path.name: m for m in members if m.path.parent == home and m.path.name in WANTED and m.kind == "file"}
    return list(chosen.values())


@contextmanager
def _opened(archive: Path) -> Iterator[_Archive]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield _Zip(zipped)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield _Tar(tar)
    elif archive.suffix in (".zst", ".7z", ".rar"):
        raise ModelFault(f"{archive.suffix} archives cannot be read; unpack it and add the folder")
    else:
        raise ModelFault("neither a folder nor a .zip or .tar archive")


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def members(self) -> list[_Member]:
        return [
            _Member(PurePosixPath(info.filename.replace("\\", "/")), info.file_size, self._kind(info), info.filename)
            for info in self._archive.infolist()
        ]

    def open(self, member: _Member) -> IO[bytes]:
        assert isinstance(member.key, str)
        return self._archive.open(member.key)

    @staticmethod
    def _kind(info: zipfile.ZipInfo) -> str:
        if (info.external_attr >> 16) & _UNIX_KIND == _UNIX_LINK:
            return "link"
        return "folder" if info.is_dir() else "file"


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def members(self) -> list[_Member]:
        return [
            _Member(PurePosixPath(info.name), info.size, self._kind(info), info) for info in self._archive.getmembers()
        ]

    def open(self, member: _Member) -> IO[bytes]:
        assert isinstance(member.key, tarfile.TarInfo)
        stream = self._archive.extractfile(member.key)
        assert stream is not None  # regular files only come this far
        return stream

    @staticmethod
    def _kind(info: tarfile.TarInfo) -> str:
        if info.issym() or info.islnk():
            return "link"
        return "folder" if info.isdir() else "file" if info.isfile() else "other"
