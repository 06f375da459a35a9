"""Which models are on this machine, and which one a name means. Looks at disks only, never at the network."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from callcore.config import ModelSettings
from callcore.errors import LanguageUnsupported, ModelCorrupt, ModelNotFound
from callcore.models.files import (
    MODEL_FILES,
    HashCache,
    ModelFault,
    check_hashes,
    check_structure,
    infer_facts,
    model_hash,
    present_files,
)
from callcore.models.manifest import Facts, FileEntry, Manifest, Row, load_manifest
from callcore.models.record import RECORD_FILE, ModelRecord, Origin, read_record
from callcore.paths import bundled_models_folder, models_folder

AUTO = "auto"

_log = logging.getLogger(__name__)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class Place(StrEnum):
    """Where a model lies."""

    BUNDLED = "bundled"
    USER = "user"
    HUB_CACHE = "hub cache"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model on this machine, looked at but not read: checksums are unknown and it may be broken.

    ``fault`` says what is missing or cut short, if anything; ``facts`` is None when it is too broken to tell.
    ``expected`` are the checksums it should have; empty when none were recorded. ``origin`` is what a model with a
    smaller head was made from.
    """

    name: str
    folder: Path
    place: Place
    facts: Facts | None
    row: Row | None
    expected: Mapping[str, FileEntry]
    fault: str = ""
    origin: Origin | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the model's files on disk."""
        return sum(path.stat().st_size for path in present_files(self.folder).values())

    def speaks(self, language: str | None) -> bool:
        """Whether the model knows ``language``; None asks for nothing in particular."""
        return self.facts is not None and (language is None or language in self.facts.languages)

    @property
    def mend(self) -> str:
        """The command that replaces the model by a whole one."""
        if self.place is Place.BUNDLED:
            return "The bundled files were changed or not unpacked whole: install callcore again."
        if self.row is not None and not self.row.bundled:
            again = f"callcore models pull {self.row.name} --force"
            return f"Fetch it again: {again}"
        if self.origin is not None and self.place is Place.USER:
            return f"Make it again: {self.origin.command(self.name)}"
        if self.place is Place.USER:
            return f"Add it again from where it came: callcore models add PATH --name {self.name} --force"
        return "Copy it again from where it came."


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that was checked and is ready to load.

    ``window_s``: longest window the weights can hear. ``padding_s``: silence to leave after the audio of a trimmed
    window; None pads the whole window. ``model_hash``: SHA-256 over the names, sizes and SHA-256 of the files.
    """

    name: str
    folder: Path
    place: Place
    languages: tuple[str, ...]
    window_s: float
    padding_s: float | None
    padding_measured: bool
    synthetic_only: bool
    licence: str
    model_hash: str


def language_code(language: str | None) -> str | None:
    """Primary subtag in lower case ("zh" for "zh-CN"); None for None and "auto"."""
    if language is None or language.casefold() == AUTO:
        return None
    return re.split(r"[-_]", language.casefold(), maxsplit=1)[0]


def resolve(name: str, language: str | None, settings: ModelSettings) -> InstalledModel:
    """The installed model that ``name`` means: a name, alias, hub id, folder, or "auto" for the best one.

    Every file is compared with the checksums recorded for it. Raises :class:`ModelNotFound`, :class:`ModelCorrupt` or
    :class:`LanguageUnsupported`, each with the command that helps.
    """
    manifest = load_manifest()
    wanted = language_code(language)
    if name == AUTO:
        found = find_models(settings)
        model = best(found, wanted)
        if model is None:
            raise _no_model_for(wanted, found, manifest)
    else:
        model = locate(name, settings)
        if model.facts is not None and not model.speaks(wanted):
            raise _does_not_speak(model, str(wanted), find_models(settings), manifest)
    return open_model(model)


def locate(name: str, settings: ModelSettings) -> FoundModel:
    """The model a name, alias, hub id or folder means. Raises :class:`ModelNotFound` with the command that helps."""
    model = find(name, settings)
    if model is None:
        raise _not_found(name, settings, load_manifest())
    return model


def open_model(model: FoundModel, *, fresh: bool = False) -> InstalledModel:
    """Check a found model's files and compute its hash; ``fresh`` reads them all again. Raises ModelCorrupt."""
    try:
        if model.fault or model.facts is None:
            raise ModelFault(model.fault)
        check_structure(model.folder, model.expected)
        entries = HashCache().entries(present_files(model.folder).values(), fresh=fresh)
        check_hashes(entries, model.expected)
    except ModelFault as fault:
        raise ModelCorrupt(f"model {model.name} in {model.folder}: {fault}.", model.mend) from fault
    except OSError as error:
        raise ModelCorrupt(
            f"model {model.name}: {error.filename} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    facts = model.facts
    return InstalledModel(
        name=model.name,
        folder=model.folder,
        place=model.place,
        languages=facts.languages,
        window_s=facts.window_s,
        padding_s=facts.padding_s,
        padding_measured=facts.padding_measured,
        synthetic_only=facts.synthetic_only,
        licence=facts.licence,
        model_hash=model_hash(entries),
    )


def find_models(settings: ModelSettings) -> list[FoundModel]:
    """All models on this machine: the user's folder, the bundled ones, the local Hugging Face cache.

    Of several with one name the first in that order is kept.
    """
    found: dict[str, FoundModel] = {}
    for model in (*_in_folder(models_folder(settings), Place.USER), *_bundled(), *_in_hub_cache()):
        found.setdefault(model.name, model)
    return list(found.values())


def best(models: list[FoundModel], language: str | None) -> FoundModel | None:
    """What "auto" takes: the best for ``language``; models of several languages first when none is given.

    A broken model can be the answer: opening it then says so, which is better than a silently worse transcript.
    """
    for model in models:
        if model.facts is None:
            _log.warning("model %s in %s is broken and not considered: %s", model.name, model.folder, model.fault)
    fit = [model for model in models if model.facts is not None and model.speaks(language)]

    def rank(model: FoundModel) -> tuple[bool, int, bool]:
        assert model.facts is not None
        several = language is None and len(model.facts.languages) > 1
        return (several, model.facts.quality_rank, model.origin is None)  # of two as good, the one with all its tokens

    return max(fit, key=rank, default=None)


def find(name: str, settings: ModelSettings) -> FoundModel | None:
    """The model a name, alias, hub id or folder means, or None."""
    folder = Path(name).expanduser()
    if _looks_like_path(name) and folder.is_dir():
        return look_at(folder.resolve(), Place.FOLDER)
    models = find_models(settings)
    for model in models:
        if model.name.casefold() == name.casefold() or (model.row and model.row.answers_to(name)):
            return model
    if _HUB_ID.fullmatch(name):
        cached = _cached(name)
        if cached is not None:
            return replace(cached, name=name.partition("/")[2])
    return look_at(folder.resolve(), Place.FOLDER) if folder.is_dir() else None


def staging_folder(settings: ModelSettings, name: str) -> Path:
    """Where a model called ``name`` is gathered before it is put in its place."""
    return models_folder(settings) / f".{name}.part"


def partial_pulls(settings: ModelSettings) -> dict[str, int]:
    """Models of which only a part is here (a pull that was cut off): name to bytes."""
    folder = models_folder(settings)
    return {
        staged.name[1:].removesuffix(".part"): sum(file.stat().st_size for file in staged.iterdir())
        for staged in (sorted(folder.glob(".*.part")) if folder.is_dir() else ())
        if staged.is_dir()
    }


def look_at(folder: Path, place: Place) -> FoundModel:
    """What can be said of the model in ``folder`` without reading its weights, unless nothing else tells them apart."""
    record, fault = None, ""
    try:
        record = read_record(folder)
        check_structure(folder, record.files if record else None)
    except ModelFault as error:
        fault = str(error)
    except OSError as error:
        fault = f"{error.filename} cannot be read: {error.strerror}"
    row, facts = None, None
    try:
        if place is not Place.HUB_CACHE:  # there the hub id tells, without reading gigabytes
            row = _row_of(folder, record)
        if fault and row is None and record is None and place is Place.USER:
            row = load_manifest().find(folder.name)  # cut short, so its contents cannot tell: its name must do
        facts = row.facts if row else (record.facts if record else None) or infer_facts(folder)
    except (ModelFault, OSError) as error:
        fault = fault or str(error)
    name = record.name if record else folder.name
    expected, origin = (record.files, record.origin) if record else ({}, None)
    return FoundModel(name, folder, place, facts, row, expected, fault, origin)


def _row_of(folder: Path, record: ModelRecord | None) -> Row | None:
    """The manifest's row for these very weights; a name alone proves nothing about a folder anybody may have filled."""
    if record is not None and "model.bin" in record.files:
        return load_manifest().with_weights(record.files["model.bin"].sha256)
    weights = folder / "model.bin"
    if not weights.is_file():
        return None
    size = weights.stat().st_size
    if all(row.files["model.bin"].size != size for row in load_manifest()):
        return None
    return load_manifest().with_weights(HashCache().entries([weights])["model.bin"].sha256)


def _in_folder(folder: Path, place: Place) -> Iterator[FoundModel]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            names = {child.name for child in entry.iterdir()}
            if names & {RECORD_FILE, *MODEL_FILES}:
                yield look_at(entry, place)


def _bundled() -> Iterator[FoundModel]:
    for row in load_manifest():
        folder = bundled_models_folder() / row.name
        if row.bundled and folder.is_dir():
            fault = ""
            try:
                check_structure(folder, row.files)
            except ModelFault as error:
                fault = str(error)
            yield FoundModel(row.name, folder, Place.BUNDLED, row.facts, row, row.files, fault)


def _in_hub_cache() -> Iterator[FoundModel]:
    """Models of the manifest that other programs left, whole, in the local Hugging Face cache."""
    for row in load_manifest():
        if row.source.huggingface:
            model = _cached(row.source.huggingface, row.source.revision)
            if model is not None and not model.fault:
                yield replace(model, name=row.name, row=row, facts=row.facts)


def _cached(hub_id: str, revision: str | None = None) -> FoundModel | None:
    from huggingface_hub import constants

    if not Path(constants.HF_HUB_CACHE).is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache

    for wanted in (revision, "main"):
        weights = try_to_load_from_cache(hub_id, "model.bin", cache_dir=constants.HF_HUB_CACHE, revision=wanted)
        if isinstance(weights, str):
            return look_at(Path(weights).parent, Place.HUB_CACHE)
    return None


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", "/", "\\")) or "\\" in name or Path(name).is_absolute() or name.count("/") > 1


def _names(models: list[FoundModel]) -> str:
    return ", ".join(model.name for model in models) or "none"


def _not_found(name: str, settings: ModelSettings, manifest: Manifest) -> ModelNotFound:
    row = manifest.find(name)
    installed = _names(find_models(settings))
    if row is not None and row.bundled:
        return ModelNotFound(f"the bundled model {row.name} is not there.", "Install callcore again.")
    if row is not None:
        part, size = partial_pulls(settings).get(row.name), f"{row.size_bytes / 1e6:,.0f} MB"
        if part is not None:
            return ModelNotFound(
                f"only {part / 1e6:,.0f} of {size} of model {row.name} are here: its pull was cut off.",
                f"Fetch the rest with: callcore models pull {row.name}",
            )
        return ModelNotFound(
            f"model {row.name} is not installed (installed: {installed}).",
            f"Get it with: callcore models pull {row.name}   ({size})",
        )
    if _looks_like_path(name):
        return ModelNotFound(f"there is no model folder {name}.", f"Check the path. Installed: {installed}.")
    if _HUB_ID.fullmatch(name):
        return ModelNotFound(
            f"model {name} is not installed (installed: {installed}).",
            f"Get it with: callcore models pull {name}",
        )
    known = ", ".join(row.name for row in manifest)
    return ModelNotFound(
        f"there is no model named {name} (installed: {installed}; known: {known}).",
        "See callcore models list; get one with callcore models pull NAME, or add a folder with callcore models add.",
    )


def _no_model_for(language: str | None, found: list[FoundModel], manifest: Manifest) -> Exception:
    suggestion = manifest.suggestion(language)
    broken = [model for model in found if model.fault]
    if broken:
        first = broken[0]
        return ModelCorrupt(f"model {first.name} in {first.folder}: {first.fault}.", first.mend)
    if suggestion is None:
        return LanguageUnsupported(
            f"no model knows the language {language}.", "Use a code such as zh or en; see callcore models list."
        )
    get = f"Get one with: callcore models pull {suggestion.name}"
    if language is None:
        return ModelNotFound("no model is installed.", get)
    return LanguageUnsupported(f"no installed model knows the language {language} (installed: {_names(found)}).", get)


def _does_not_speak(
    model: FoundModel, language: str, found: list[FoundModel], manifest: Manifest
) -> LanguageUnsupported:
    assert model.facts is not None
    spoken = ", ".join(model.facts.languages[:6]) + (", ..." if len(model.facts.languages) > 6 else "")
    other, suggestion = best(found, language), manifest.suggestion(language)
    if other is not None:
        hint = f"Installed and able to: --model {other.name}"
    elif suggestion is not None:
        hint = f"Get one that does: callcore models pull {suggestion.name}"
    else:
        hint = "No model of callcore knows that language; use a code such as zh or en."
    return LanguageUnsupported(f"model {model.name} does not know the language {language} (only {spoken}).", hint)
