"""Where a model can be fetched from: Hugging Face (or a mirror of it), ModelScope, or a folder on any web server.

A source only lists: which files, where, how large, with which checksums. :mod:`callcore.models.download` fetches them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import httpx2
from pydantic import ValidationError

from callcore import __version__
from callcore.config import ModelSettings
from callcore.errors import ModelDownloadError, ModelNotFound
from callcore.models.files import MODEL_FILES, REQUIRED_FILES, VOCABULARIES
from callcore.models.manifest import FileEntry
from callcore.models.record import RECORD_FILE, ModelRecord

CONNECT_TIMEOUT_S = 10.0
AIR_GAPPED = "On a machine without network: fetch it elsewhere, then callcore models add FOLDER-OR-ARCHIVE."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to fetch. ``sha256`` or ``git_blob`` (git's id of the content) is what it must match, if known.

    ``version`` tells two contents apart when no checksum does (an ETag or a date), so that halves are never mixed.
    """

    name: str
    url: str
    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source offers: the files of one model. ``label`` names the source in the model's record."""

    label: str
    files: tuple[RemoteFile, ...]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def matched_with(self, expected: Mapping[str, FileEntry]) -> Offer:
        """The same offer held to checksums known beforehand. Raises when the source says it has other weights."""
        by_name = {file.name: file for file in self.files}
        for name, entry in expected.items():
            file = by_name.get(name)
            if file is None or (file.sha256 or entry.sha256) != entry.sha256:
                raise ModelDownloadError(
                    f"{self.label} offers {name} with another checksum than callcore knows for this model."
                    if file
                    else f"{self.label} lacks {name}.",
                    "Use another --source, or name the exact revision you trust with --revision.",
                )
            by_name[name] = replace(file, size=entry.size, sha256=entry.sha256)
        return replace(self, files=tuple(by_name[name] for name in expected)) if expected else self


def client(settings: ModelSettings) -> httpx2.Client:
    """An HTTP client that follows redirects and honours the proxies of the environment."""
    return httpx2.Client(
        follow_redirects=True,
        timeout=httpx2.Timeout(settings.timeout_s, connect=CONNECT_TIMEOUT_S),
        headers={"User-Agent": f"callcore/{__version__}", "Accept-Encoding": "identity"},
    )


@contextmanager
def http_errors(what: str) -> Iterator[None]:
    """Turn the HTTP library's errors into :class:`ModelDownloadError`; ``what`` names what was asked for."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise status_error(error.response.status_code, what) from error
    except httpx2.TimeoutException as error:
        raise ModelDownloadError(f"{what}: no answer in time.", f"Run the same command again. {AIR_GAPPED}") from error
    except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
        raise ModelDownloadError(
            f"{what}: the connection broke.", "Run the same command again: it goes on from there."
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ModelDownloadError(
            f"{what}: cannot be reached ({type(error).__name__}).",
            f"Check network and proxy, set HF_ENDPOINT to a mirror, or try --source modelscope. {AIR_GAPPED}",
        ) from error


def status_error(status: int, what: str) -> ModelDownloadError | ModelNotFound:
    """The error for an HTTP status that is no success."""
    if status in (404, 410):
        return ModelNotFound(f"{what}: not found (HTTP {status}).", "Check the name; see callcore models list.")
    if status in (401, 403):
        return ModelDownloadError(
            f"{what}: access refused (HTTP {status}).",
            "No such model, or it needs an account: accept its terms on the hub and set HF_TOKEN.",
        )
    return ModelDownloadError(f"{what}: the server answered HTTP {status}.", "Run the same command again later.")


def huggingface(hub_id: str, revision: str | None, settings: ModelSettings) -> Offer:
    """What the Hugging Face hub, or the mirror in HF_ENDPOINT, has under ``hub_id`` at ``revision`` (None = newest)."""
    from huggingface_hub import HfApi, get_token, hf_hub_url  # 0.2 s that only a pull should cost
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    endpoint = settings.hub_endpoint.rstrip("/") if settings.hub_endpoint else None
    api = HfApi(endpoint=endpoint)
    what = f"{hub_id} at {api.endpoint}"
    with http_errors(what):
        try:
            info = api.model_info(hub_id, revision=revision, files_metadata=True, timeout=settings.timeout_s)
        except HfHubHTTPError as error:
            raise status_error(error.response.status_code, what) from error
        except OfflineModeIsEnabled as error:
            raise ModelDownloadError("HF_HUB_OFFLINE forbids the network.", "Unset it for this command.") from error
        except HFValidationError as error:
            raise ModelNotFound(f"{hub_id} is not a hub id.", "A hub id looks like organisation/model.") from error
        except (ValueError, TypeError, KeyError) as error:  # an answer of something else: a portal, a wrong address
            raise ModelDownloadError(f"{what}: the answer is not a hub's.", "Check HF_ENDPOINT.") from error
    commit, token = info.sha or revision or "main", get_token()
    files = tuple(
        RemoteFile(
            name=sibling.rfilename,
            url=hf_hub_url(hub_id, sibling.rfilename, revision=commit, endpoint=endpoint),
            size=sibling.size,
            sha256=sibling.lfs.sha256 if sibling.lfs else None,
            git_blob=None if sibling.lfs else sibling.blob_id,
            version=commit,
        )
        for sibling in info.siblings or ()
        if sibling.rfilename in MODEL_FILES
    )
    return _complete(
        Offer(f"huggingface:{hub_id}@{commit}", files, {"Authorization": f"Bearer {token}"} if token else {}), what
    )


def modelscope(hub_id: str, revision: str | None, settings: ModelSettings, http: httpx2.Client) -> Offer:
    """What ModelScope has under ``hub_id`` at ``revision`` (None = master)."""
    endpoint, revision = settings.modelscope_endpoint.rstrip("/"), revision or "master"
    what = f"{hub_id} at {endpoint}"
    with http_errors(what):
        response = http.get(
            f"{endpoint}/api/v1/models/{hub_id}/repo/files", params={"Revision": revision, "Recursive": "true"}
        ).raise_for_status()
    try:
        listed = [entry for entry in response.json()["Data"]["Files"] if entry["Path"] in MODEL_FILES]
        files = tuple(
            RemoteFile(
                name=entry["Path"],
                url=f"{endpoint}/models/{hub_id}/resolve/{quote(revision, safe='')}/{quote(entry['Path'])}",
                size=int(entry["Size"]),
                sha256=entry.get("Sha256") or None,
                version=str(entry.get("Revision", "")),
            )
            for entry in listed
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ModelDownloadError(f"{what}: the answer is no list of files.", "Check modelscope_endpoint.") from error
    return _complete(Offer(f"modelscope:{hub_id}@{revision}", files), what)


def web_folder(url: str, http: httpx2.Client) -> Offer:
    """What lies in a folder of a web server: the files of a model, best with its ``callcore-model.json``.

    That record gives sizes and checksums; without it the server's word for the size is all there is.
    """
    base = url.rstrip("/") + "/"
    with http_errors(base):
        response = http.get(base + RECORD_FILE)
        if response.status_code == httpx2.codes.OK:
            return _complete(Offer(f"url:{base}", _recorded(base, response.content)), base)
        files = []
        for name in MODEL_FILES:
            head = http.head(base + name)
            if head.is_success:
                size = head.headers.get("Content-Length")
                version = head.headers.get("ETag") or head.headers.get("Last-Modified") or ""
                files.append(RemoteFile(name, base + name, int(size) if size else None, version=version))
            elif head.status_code not in (404, 410):
                raise status_error(head.status_code, base + name)
    return _complete(Offer(f"url:{base}", tuple(files)), base)


def _recorded(base: str, content: bytes) -> tuple[RemoteFile, ...]:
    try:
        record = ModelRecord.model_validate_json(content)
    except ValidationError as error:
        raise ModelDownloadError(f"{base}{RECORD_FILE} is not a model record.", "Copy the folder again.") from error
    return tuple(
        RemoteFile(name, base + name, entry.size, entry.sha256)
        for name, entry in record.files.items()
        if name in MODEL_FILES
    )


def _complete(offer: Offer, what: str) -> Offer:
    names = {file.name for file in offer.files}
    missing = [name for name in REQUIRED_FILES if name not in names]
    if not names & set(VOCABULARIES):
        missing.append(VOCABULARIES[0])
    if missing:
        raise ModelDownloadError(
            f"{what}: no CTranslate2 Whisper there ({', '.join(missing)} missing).",
            "callcore reads models in CTranslate2 format, such as Systran/faster-whisper-small.",
        )
    return offer
