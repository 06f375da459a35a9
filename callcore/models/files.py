"""The files of a model on disk: which belong to it, whether they are whole, and their checksums."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from callcore.engines.token_map import TOKEN_MAP_FILE, read_token_map
from callcore.errors import DiskFull, OutputError
from callcore.models.manifest import Facts, FileEntry, Sha256, Strict
from callcore.models.weights import WeightsFault, check_weights
from callcore.paths import data_folder

VOCABULARIES = ("vocabulary.json", "vocabulary.txt")  #: one of the two
REQUIRED_FILES = ("config.json", "model.bin", "tokenizer.json")
OPTIONAL_FILES = ("preprocessor_config.json", TOKEN_MAP_FILE)
MODEL_FILES = (*REQUIRED_FILES, *VOCABULARIES, *OPTIONAL_FILES)  #: all that decoding reads; nothing else is fetched
DEFAULT_WINDOW_S = 30.0
ENGLISH_ONLY_START = 50_257  #: id of start-of-transcript in Whisper's English vocabulary; 50,258 in multilingual ones

_log = logging.getLogger(__name__)
_HASH_BLOCK = 1 << 20


class ModelFault(Exception):
    """What is wrong with a model's files, in words that follow "model NAME: "."""


def present_files(folder: Path) -> dict[str, Path]:
    """The model files in ``folder``, name to path, sorted by name."""
    return {name: folder / name for name in sorted(MODEL_FILES) if (folder / name).is_file()}


def check_structure(folder: Path, expected: Mapping[str, FileEntry] | None = None) -> None:
    """Raise :class:`ModelFault` when a file is missing, cut short, empty or not what its name says.

    Quick: checksums are :func:`check_hashes`'s. Files in ``expected`` (what was recorded for this model, if anything)
    were looked into when they were recorded; of them only the size is compared.
    """
    files, expected = present_files(folder), expected or {}
    _check_sizes(files, expected)
    missing = [name for name in REQUIRED_FILES if name not in files]
    if not any(name in files for name in VOCABULARIES):
        missing.append(" or ".join(VOCABULARIES))
    if missing:
        raise ModelFault(f"{', '.join(missing)} missing")
    for name in files.keys() - expected.keys():
        if name.endswith(".json"):
            _check_json(files[name])
    try:
        if "model.bin" not in expected:
            check_weights(files["model.bin"])
    except WeightsFault as fault:
        raise ModelFault(f"model.bin {fault}") from fault


def _check_sizes(files: Mapping[str, Path], expected: Mapping[str, FileEntry]) -> None:
    for name, entry in expected.items():
        if name not in files:
            raise ModelFault(f"{name} missing")
        size = files[name].stat().st_size
        if size != entry.size:
            raise ModelFault(f"{name} has {size} bytes instead of {entry.size}")


def _check_json(path: Path) -> None:
    try:
        if not json.loads(path.read_text(encoding="utf-8")):
            raise ModelFault(f"{path.name} holds nothing")
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        what = "is empty" if path.stat().st_size == 0 else "is not JSON (cut short?)"
        raise ModelFault(f"{path.name} {what}") from error


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file; ``progress`` is called with the number of bytes read since its last call."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
            if progress:
                progress(len(block))
    return digest.hexdigest()


def git_blob_of(path: Path) -> str:
    """Git's id of a file: what hubs give instead of a SHA-256 for small files."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Remembered(Strict):
    size: int
    mtime_ns: int
    sha256: Sha256


_REMEMBERED = TypeAdapter(dict[str, _Remembered])


class HashCache:
    """SHA-256 of files, computed once per (path, size, time of change) and kept in the user's data folder.

    A file that cannot be read or written is no obstacle: the hashes are computed again.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or data_folder() / "model-hashes.json"

    def entries(self, paths: Iterable[Path], *, fresh: bool = False) -> dict[str, FileEntry]:
        """File name to size and SHA-256 of ``paths``; ``fresh`` reads every file again."""
        known = self._read()
        changed = False
        result: dict[str, FileEntry] = {}
        for path in paths:
            real, status = str(path.resolve()), path.stat()
            old = known.get(real)
            if fresh or old is None or (old.size, old.mtime_ns) != (status.st_size, status.st_mtime_ns):
                _log.info("reading %s (%.0f MB) for its checksum", path, status.st_size / 1e6)
                old = _Remembered(size=status.st_size, mtime_ns=status.st_mtime_ns, sha256=sha256_of(path))
                known[real], changed = old, True
            result[path.name] = FileEntry(size=old.size, sha256=old.sha256)
        if changed:
            self._write({path: value for path, value in known.items() if Path(path).exists()})
        return result

    def moved(self, old: Path, new: Path) -> None:
        """Tell the cache that the files of folder ``old`` now lie in folder ``new``."""
        known, before, after = self._read(), old.resolve(), new.resolve()
        for path in [path for path in map(Path, known) if path.parent == before]:
            known[str(after / path.name)] = known.pop(str(path))
        self._write(known)

    def _read(self) -> dict[str, _Remembered]:
        try:
            return _REMEMBERED.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            _log.info("hashes of models in %s not usable (%s): computed again", self._file, type(error).__name__)
            return {}

    def _write(self, known: Mapping[str, _Remembered]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, _REMEMBERED.dump_json(dict(known), indent=1))
        except OSError as error:
            _log.info("hashes of models not kept in %s: %s", self._file, error.strerror)


def write_atomically(file: Path, content: bytes) -> None:
    """Write ``file`` so that a reader sees the old or the new content, never a part. Raises :class:`OSError`."""
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def disk_error(error: OSError, folder: Path) -> OutputError:
    """The error for something that cannot be written in ``folder``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no space left in {folder}.", "Free some space and run the same command again.")
    what = error.filename or folder
    return OutputError(
        f"{what}: {error.strerror or error}.", f"Check its permissions, or set models.folder ({folder})."
    )


def check_hashes(actual: Mapping[str, FileEntry], expected: Mapping[str, FileEntry]) -> None:
    """Raise :class:`ModelFault` naming the files of ``expected`` that are missing or differ in ``actual``."""
    wrong = [name for name, entry in expected.items() if actual.get(name) != entry]
    if wrong:
        raise ModelFault(f"checksum of {', '.join(wrong)} differs from what was recorded")


def model_hash(entries: Mapping[str, FileEntry]) -> str:
    """SHA-256 over name, size and SHA-256 of every file: the identity of the weights as decoding sees them."""
    lines = "".join(f"{name}\0{entry.size}\0{entry.sha256}\n" for name, entry in sorted(entries.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def infer_facts(folder: Path) -> Facts:
    """What can be read from the files of a model nobody described: its languages and its window.

    Such weights are padded to their whole window, which is always safe. Raises :class:`ModelFault`.
    """
    window_s = DEFAULT_WINDOW_S
    preprocessor = folder / "preprocessor_config.json"
    try:
        if preprocessor.is_file():
            window_s = float(json.loads(preprocessor.read_text(encoding="utf-8")).get("chunk_length", window_s))
        token_map = read_token_map(folder)
        languages = token_map.languages if token_map else _languages(folder / "tokenizer.json")
        return Facts(languages=languages, window_s=min(window_s, DEFAULT_WINDOW_S))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFault(f"its languages and window cannot be read ({type(error).__name__})") from error


def _languages(tokenizer: Path) -> tuple[str, ...]:
    """Languages of a Whisper tokenizer: the tokens between start-of-transcript and translate, in order of their ids."""
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    ids = {str(token["content"]): int(token["id"]) for token in content["added_tokens"]}
    first, last = ids["<|startoftranscript|>"], ids["<|translate|>"]
    if first == ENGLISH_ONLY_START:  # its vocabulary lists languages too, but the weights never learnt them
        return ("en",)
    between = sorted((number, text) for text, number in ids.items() if first < number < last)
    return tuple(text.removeprefix("<|").removesuffix("|>") for _, text in between)
