"""``callcore models trim``: a model with a smaller output head, made from an installed one.

More than half of a decode step of a small Whisper is the projection onto its 51,865 tokens. One or two languages need
a part of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from callcore.config import ModelSettings
from callcore.engines.token_map import TOKEN_MAP_FILE, TokenMap
from callcore.errors import LanguageUnsupported, ModelCorrupt, ModelError
from callcore.models.files import VOCABULARIES, ModelFault
from callcore.models.install import check_space, commit, staging
from callcore.models.record import Origin, read_record
from callcore.models.registry import FoundModel, InstalledModel, Place, locate, open_model
from callcore.models.rows import copy_rows
from callcore.models.tokens import LANGUAGES, TokenFault, choose_tokens, read_vocabulary, trim_tokenizer
from callcore.models.weights import WeightsFault

TOKEN_LISTS = ("lang_ids", "suppress_ids", "suppress_ids_begin")  #: of config.json
COPIED = ("preprocessor_config.json", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A new model and how many of the ``tokens`` of the one it was made from it ``kept``."""

    model: InstalledModel
    kept: int
    tokens: int


def trim(
    name: str,
    languages: Sequence[str],
    settings: ModelSettings,
    *,
    new_name: str | None = None,
    limit: int | None = None,
    force: bool = False,
) -> Trimmed:
    """Install, as ``new_name``, model ``name`` with only the tokens that ``languages`` need, ``limit`` at most.

    Weights are copied as they are stored. Raises :class:`ModelNotFound`, :class:`ModelCorrupt`, :class:`ModelError`,
    :class:`LanguageUnsupported`, :class:`DiskFull`.
    """
    found = locate(name, settings)
    languages = tuple(dict.fromkeys(languages))
    whole = open_model(found)
    _check_languages(whole, languages)
    if (found.folder / TOKEN_MAP_FILE).is_file():
        origin = found.origin.name if found.origin else "the model it was made from"
        raise ModelError(f"model {found.name} has a smaller head already.", f"Trim {origin} instead.")
    with staging(new_name or "-".join((found.name, *languages)), settings, force=force) as place:
        try:
            for stale in place.iterdir():
                stale.unlink()
            check_space(found.size_bytes, place)
            token_map = _write(found.folder, place, languages, limit)
            model = commit(
                place,
                settings,
                name=place.name[1:].removesuffix(".part"),
                source=f"trimmed:{found.name}",
                checksums_from="none",
                facts=found.facts.model_copy(update={"languages": languages}) if found.facts else None,
                origin=_origin(found, whole, languages, limit),
            )
        except (TokenFault, WeightsFault) as fault:
            what = f"model.bin {fault}" if isinstance(fault, WeightsFault) else str(fault)
            raise ModelError(f"model {found.name} cannot be trimmed: {what}.", "See docs/models.md.") from fault
        except ModelFault as fault:
            raise ModelCorrupt(f"model {found.name}: {fault}.", found.mend) from fault
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return Trimmed(model, len(token_map.rows), token_map.published_tokens)


def _check_languages(whole: InstalledModel, languages: Sequence[str]) -> None:
    if not languages:
        raise ModelError("no language is named.", f"Name one or more of {', '.join(LANGUAGES)} with --languages.")
    for language in languages:
        if language not in LANGUAGES:
            raise LanguageUnsupported(
                f"callcore cannot tell the tokens of {language}.", f"Name one or more of {', '.join(LANGUAGES)}."
            )
        if language not in whole.languages:
            raise LanguageUnsupported(
                f"model {whole.name} does not know the language {language}.", "See callcore models list."
            )


def _write(source: Path, place: Path, languages: tuple[str, ...], limit: int | None) -> TokenMap:
    tokenizer = _read_json(source / "tokenizer.json")
    texts = _read_vocabulary_file(source)
    kept = choose_tokens(read_vocabulary(texts, tokenizer), languages, limit)
    copy_rows(source / "model.bin", place / "model.bin", kept, len(texts))
    smaller = trim_tokenizer(tokenizer, kept)
    _check_tokenizer(smaller)
    config = _read_json(source / "config.json")
    row_of = {number: row for row, number in enumerate(kept)}
    for key in TOKEN_LISTS:
        if key in config:
            config[key] = [row_of[number] for number in config[key] if number in row_of]
    token_map = TokenMap(languages=languages, published_tokens=len(texts), rows=tuple(kept))
    _write_json(place / "tokenizer.json", smaller)
    _write_json(place / "config.json", config)
    _write_json(place / "vocabulary.json", [texts[number] for number in kept])
    (place / TOKEN_MAP_FILE).write_text(token_map.model_dump_json(), encoding="utf-8")
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, place / name)
    return token_map


def _check_tokenizer(content: dict[str, Any]) -> None:
    """Raise :class:`TokenFault` unless the tokenizers library numbers special tokens as the content says.

    It gives a special token the next free number, whatever the file says.
    """
    try:
        loaded = Tokenizer.from_str(json.dumps(content))
    except Exception as error:  # the library raises bare Exception
        raise TokenFault(f"its tokenizer without the other tokens is refused ({error})") from error
    if any(loaded.token_to_id(token["content"]) != token["id"] for token in content["added_tokens"]):
        raise TokenFault("its special tokens cannot be numbered anew")


def _read_vocabulary_file(folder: Path) -> list[str]:
    file = next(folder / name for name in VOCABULARIES if (folder / name).is_file())
    if file.suffix == ".json":
        return [str(text) for text in _read_json(file)]
    return file.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _origin(found: FoundModel, whole: InstalledModel, languages: tuple[str, ...], limit: int | None) -> Origin:
    record, row = read_record(found.folder), found.row
    if record is not None:
        source = record.source
    elif row is not None and row.source.huggingface:
        source = f"huggingface:{row.source.huggingface}@{row.source.revision or 'main'}"
    else:
        source = f"{found.place.value}:{found.folder if found.place is Place.FOLDER else found.name}"
    return Origin(name=found.name, source=source, model_hash=whole.model_hash, languages=languages, tokens=limit)


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFault(f"{file.name} cannot be read ({type(error).__name__})") from error


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
