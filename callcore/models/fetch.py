"""``pull``: a model from a hub, a mirror or a web server into the user's models folder.

Everything arrives in a hidden folder beside its place, is checked there and renamed in one step: a pull that was
killed never looks like an installed model, and the next one goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from callcore.config import ModelSettings
from callcore.errors import ModelDownloadError, ModelError, ModelNotFound
from callcore.models.download import Download, Progress
from callcore.models.files import ModelFault, write_atomically
from callcore.models.install import PLAN_FILE, ChecksumsFrom, check_space, commit, staging
from callcore.models.manifest import FileEntry, Row, load_manifest
from callcore.models.registry import InstalledModel
from callcore.models.sources import Offer, client, huggingface, modelscope, web_folder
from callcore.paths import models_folder

HUBS = ("huggingface", "modelscope")


def pull(
    name: str,
    settings: ModelSettings,
    *,
    source: str = "huggingface",
    revision: str | None = None,
    save_as: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> InstalledModel:
    """Fetch a model and install it.

    ``name``: a name of the manifest, or a hub id. ``source``: "huggingface", "modelscope" or the URL of a folder.
    Models of the manifest are held to the revision and checksums written there; an explicit ``revision`` lifts that.
    Raises :class:`ModelNotFound`, :class:`ModelDownloadError`, :class:`DiskFull`, :class:`ModelError`.
    """
    row = load_manifest().find(name)
    if row is not None and row.bundled:
        raise ModelError(f"model {row.name} is part of callcore.", "There is nothing to fetch.")
    save_as = save_as or (row.name if row else name.rpartition("/")[2])
    expected = dict(row.files) if row is not None and revision is None else {}
    with staging(save_as, settings, force=force) as place, client(settings) as http:
        offer = _offer(name, row, source, revision, settings, http).matched_with(expected)
        _start_or_resume(offer, place)
        here = sum(entry.stat().st_size for entry in place.iterdir())
        check_space(sum(file.size or 0 for file in offer.files) - here, models_folder(settings))
        download = Download(http, offer.headers, progress or (lambda *_: None))
        for file in sorted(offer.files, key=lambda file: file.size or 0):  # small ones first: faults show early
            download.fetch(file, place)
        try:
            return commit(
                place, settings, name=save_as, source=offer.label, checksums_from=_trust(offer, expected), facts=None
            )
        except ModelFault as fault:
            shutil.rmtree(place)
            raise ModelDownloadError(f"{offer.label}: {fault}.", "Use another --source or --revision.") from fault


def _offer(
    name: str, row: Row | None, source: str, revision: str | None, settings: ModelSettings, http: httpx2.Client
) -> Offer:
    if urlsplit(source).scheme in ("http", "https"):
        return web_folder(source, http)
    if source == "huggingface":
        return huggingface(_hub_id(name, row, source), revision or (row.source.revision if row else None), settings)
    if source == "modelscope":
        return modelscope(_hub_id(name, row, source), revision, settings, http)
    raise ModelError(f"there is no source {source}.", f"Use {' or '.join(HUBS)}, or the URL of a folder.")


def _hub_id(name: str, row: Row | None, source: str) -> str:
    if row is None:
        if name.count("/") != 1:
            known = ", ".join(known.name for known in load_manifest() if not known.bundled)
            raise ModelNotFound(
                f"there is no model named {name}.", f"Known: {known}; or give a hub id such as organisation/model."
            )
        return name
    hub_id = row.source.huggingface if source == "huggingface" else row.source.modelscope
    if hub_id is None:
        raise ModelNotFound(
            f"where to find model {row.name} at {source} is not known.",
            f"Leave --source out, or give its id there: callcore models pull ORGANISATION/MODEL --source {source}",
        )
    return hub_id


def _trust(offer: Offer, expected: dict[str, FileEntry]) -> ChecksumsFrom:
    if expected:
        return "manifest"
    return "source" if all(file.sha256 or file.git_blob for file in offer.files) else "none"


def _start_or_resume(offer: Offer, place: Path) -> None:
    """Keep what an earlier pull of the very same files left in ``place``; throw anything else away."""
    plan = [[f.name, f.size, f.sha256, f.git_blob, "" if f.sha256 or f.git_blob else f.version] for f in offer.files]
    try:
        same = json.loads((place / PLAN_FILE).read_text(encoding="utf-8")) == plan
    except (OSError, ValueError):
        same = False  # no plan, or a damaged one: nothing here can be trusted
    if not same:
        for entry in place.iterdir():
            entry.unlink()
        write_atomically(place / PLAN_FILE, json.dumps(plan).encode())
