"""Putting models into the user's folder, taking them out, and checking them: ``add``, ``remove``, ``verify``.

A model is gathered in a hidden staging folder beside its place, checked there and renamed in one step.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock

from callcore.config import ModelSettings
from callcore.errors import DiskFull, ModelCorrupt, ModelError, ModelNotFound
from callcore.models.archive import ARCHIVE_SUFFIXES, unpack
from callcore.models.files import (
    HashCache,
    ModelFault,
    check_hashes,
    check_structure,
    disk_error,
    present_files,
)
from callcore.models.manifest import NAME_PATTERN, Facts, load_manifest
from callcore.models.record import RECORD_FILE, ModelRecord, Origin, read_record
from callcore.models.registry import (
    FoundModel,
    InstalledModel,
    Place,
    find,
    find_models,
    look_at,
    open_model,
    staging_folder,
)
from callcore.paths import models_folder

PLAN_FILE = ".plan.json"  #: what a pull is fetching, beside what has arrived
SPARE_BYTES = 64 << 20  #: space to leave free on the disk
EXTRA_FILES = (RECORD_FILE, "README.md", "LICENSE")  #: copied with a model when they are there

ChecksumsFrom = Literal["manifest", "source", "none"]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of checking one model: ``fault`` is empty when it is whole."""

    name: str
    folder: Path
    checked_against: Literal["recorded checksums", "structure only"]
    fault: str = ""
    mend: str = ""


def valid_name(name: str) -> str:
    """``name``, if a model may be called so. Raises :class:`ModelError`."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ModelError(f"{name!r} cannot be the name of a model.", "Use letters, digits, dot, dash and underscore.")
    row = load_manifest().find(name)
    if row is not None and row.bundled:
        raise ModelError(f"{name} is the name of a bundled model.", "Choose another with --name.")
    return name


@contextmanager
def staging(name: str, settings: ModelSettings, *, force: bool) -> Iterator[Path]:
    """The staging folder for a model called ``name``, held against other processes.

    Raises :class:`ModelError` when the name is taken and not ``force``; errors of the disk become OutputErrors.
    """
    folder = models_folder(settings)
    target, old = folder / valid_name(name), folder / f".{name}.old"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f".{name}.lock", timeout=0):
            if old.exists() and not target.exists():  # killed in the middle of a replacement
                old.rename(target)
            if target.exists() and not force:
                raise ModelError(
                    f"model {name} is already installed in {target}.",
                    f"Check it with callcore models verify {name}; --force replaces it.",
                )
            place = staging_folder(settings, name)
            place.mkdir(exist_ok=True)
            try:
                yield place
            finally:
                if place.is_dir() and not any(place.iterdir()):  # nothing arrived: leave no trace of a cut-off pull
                    place.rmdir()
    except filelock.Timeout as error:
        raise ModelError(f"model {name} is being installed by another process.", "Wait for it to end.") from error
    except OSError as error:
        raise disk_error(error, folder) from error


def commit(
    place: Path,
    settings: ModelSettings,
    *,
    name: str,
    source: str,
    checksums_from: ChecksumsFrom,
    facts: Facts | None,
    origin: Origin | None = None,
) -> InstalledModel:
    """Check what was gathered in ``place``, record its checksums, put it in its place. Raises :class:`ModelFault`."""
    check_structure(place)
    cache = HashCache()
    entries = cache.entries(present_files(place).values(), fresh=True)
    ModelRecord(
        name=name, source=source, checksums_from=checksums_from, files=entries, facts=facts, origin=origin
    ).write(place)
    target = models_folder(settings) / name
    old = target.with_name(f".{name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    place.rename(target)
    (target / PLAN_FILE).unlink(missing_ok=True)
    shutil.rmtree(old, ignore_errors=True)
    cache.moved(place, target)
    return open_model(look_at(target, Place.USER))


def check_space(needed_bytes: int, folder: Path) -> None:
    """Raise :class:`DiskFull` when ``needed_bytes`` more do not fit on the disk of ``folder``."""
    free = shutil.disk_usage(folder).free
    if needed_bytes + SPARE_BYTES > free:
        raise DiskFull(
            f"the model needs {needed_bytes / 1e6:,.0f} MB, the disk of {folder} has {free / 1e6:,.0f} MB free.",
            "Free some space, or set models.folder to a folder on another disk.",
        )


def add(path: Path, settings: ModelSettings, *, name: str | None = None, force: bool = False) -> InstalledModel:
    """Install the model in a folder or archive (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz), without any network.

    A ``callcore-model.json`` in it is believed: its checksums are compared and its facts kept. Raises
    :class:`ModelNotFound`, :class:`ModelCorrupt`, :class:`ModelError`, :class:`DiskFull`.
    """
    if not path.exists():
        raise ModelNotFound(f"there is no {path}.", "Check the path.")
    name = name or _name_of(path)
    with staging(name, settings, force=force) as place:
        try:
            for stale in place.iterdir():
                stale.unlink()
            _gather(path, place)
            record = read_record(place)
            if record is not None:
                check_structure(place, record.files)
                check_hashes(HashCache().entries(present_files(place).values(), fresh=True), record.files)
            return commit(
                place,
                settings,
                name=name,
                source=f"file:{path.name}",
                checksums_from="source" if record else "none",
                facts=record.facts if record else None,
                origin=record.origin if record else None,
            )
        except ModelFault as fault:
            raise ModelCorrupt(f"{path}: {fault}.", "Copy it again from where it came, whole.") from fault
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _gather(path: Path, place: Path) -> None:
    if not path.is_dir():
        unpack(path, place, lambda size: check_space(size, place))
        return
    files = [*present_files(path).values(), *(path / extra for extra in EXTRA_FILES if (path / extra).is_file())]
    check_space(sum(file.stat().st_size for file in files), place)
    for file in files:
        shutil.copyfile(file, place / file.name)


def _name_of(path: Path) -> str:
    """The name a model gets when none is given: its record's, the hub's for a cached snapshot, else the file's."""
    if path.is_dir():
        try:
            record = read_record(path)
        except ModelFault as fault:
            raise ModelCorrupt(f"{path}: {fault}.", "Copy it again, or remove that file.") from fault
        if record is not None:
            return record.name
        resolved = path.resolve()
        if resolved.parent.name == "snapshots":  # models--ORGANISATION--NAME/snapshots/COMMIT
            return resolved.parent.parent.name.rpartition("--")[2]
        return resolved.name
    suffix = next((suffix for suffix in ARCHIVE_SUFFIXES if path.name.casefold().endswith(suffix)), "")
    return path.name[: len(path.name) - len(suffix)]


def removable(name: str, settings: ModelSettings) -> FoundModel:
    """The model of the user's folder that ``name`` means. Raises when there is none or it is not callcore's to take."""
    model = find(name, settings)
    if model is None:
        raise ModelNotFound(f"model {name} is not installed.", "See callcore models list.")
    if model.place is Place.USER:
        return model
    reason = {
        Place.BUNDLED: "is part of callcore and stays.",
        Place.HUB_CACHE: f"lies in the Hugging Face cache ({model.folder}), which other programs use.",
        Place.FOLDER: f"is your own folder {model.folder}.",
    }[model.place]
    raise ModelError(f"model {model.name} {reason}", "callcore removes only what callcore models pull or add brought.")


def remove(model: FoundModel) -> None:
    """Delete a model of the user's folder; it vanishes in one step. Raises :class:`OutputError`."""
    grave = model.folder.with_name(f".{model.folder.name}.removed")
    try:
        shutil.rmtree(grave, ignore_errors=True)
        model.folder.rename(grave)
        shutil.rmtree(grave)
    except OSError as error:
        raise disk_error(error, model.folder.parent) from error


def verify(
    name: str | None, settings: ModelSettings, started: Callable[[FoundModel], None] | None = None
) -> list[Verification]:
    """Read every file of one model, or of all, again and compare with its recorded checksums.

    ``started`` is called before each model. Raises :class:`ModelNotFound`.
    """
    if name is None:
        models = find_models(settings)
    else:
        model = find(name, settings)
        if model is None:
            raise ModelNotFound(f"model {name} is not installed.", "See callcore models list.")
        models = [model]
    outcomes = []
    for model in models:
        if started:
            started(model)
        against: Literal["recorded checksums", "structure only"] = (
            "recorded checksums" if model.expected else "structure only"
        )
        try:
            open_model(model, fresh=True)
            outcomes.append(Verification(model.name, model.folder, against))
        except ModelCorrupt as error:
            outcomes.append(Verification(model.name, model.folder, against, error.message, error.hint))
    return outcomes
