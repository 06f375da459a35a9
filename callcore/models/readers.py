"""Where the bundled models of the understanding lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from callcore.engines.card import CARD_FILE, HINT
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.models.manifest import load_manifest
from callcore.paths import bundled_models_folder


def reader_folder(kind: str, language: str) -> Path:
    """Folder of the bundled model of a ``kind`` (as in the manifest) for a language ("zh", "en"), its card checked.

    Raises :class:`ModelNotFound` where no bundled model reads the language, and :class:`ModelCorrupt` where its card
    differs from the manifest. The other files are checked by whoever loads them.
    """
    row = next((row for row in load_manifest().reader if row.kind == kind and language in row.languages), None)
    if row is None:
        raise ModelNotFound(f"no bundled {kind} model reads {language}.", HINT)
    return _checked_folder(row.name, row.card.sha256)


def named_reader_folder(name: str) -> Path:
    """Folder of the bundled model of that name. Raises as :func:`reader_folder` does."""
    row = next((row for row in load_manifest().reader if row.name == name), None)
    if row is None:
        raise ModelNotFound(f"no bundled model of the understanding is named {name}.", HINT)
    return _checked_folder(row.name, row.card.sha256)


def _checked_folder(name: str, sha256: str) -> Path:
    folder = bundled_models_folder() / name
    try:
        card = (folder / CARD_FILE).read_bytes()
    except OSError as error:
        raise ModelNotFound(f"the bundled model {name} is not at {folder}.", HINT) from error
    if hashlib.sha256(card).hexdigest() != sha256:
        raise ModelCorrupt(f"{folder / CARD_FILE} differs from its checksum.", HINT)
    return folder
