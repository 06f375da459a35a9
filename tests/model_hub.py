"""A small model that passes every check, and model hubs on the loopback interface that serve it."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB_ID = "acme/whisper-mini"
LFS_FROM_BYTES = 100_000  #: larger files carry a SHA-256 at the hub, smaller ones git's id only


def string(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def weights(payload_bytes: int = 1_000_000, spec: str = "WhisperSpec", seed: int = 1) -> bytes:
    """A model.bin in CTranslate2's format: one scalar, one vector of random bytes, one alias."""
    payload = random.Random(seed).randbytes(payload_bytes)
    scalar = string("encoder/scale") + struct.pack("<BBI", 0, 1, 1) + b"\x01"
    vector = string("encoder/weight") + struct.pack("<BIBI", 1, payload_bytes, 1, payload_bytes) + payload
    alias = struct.pack("<I", 1) + string("decoder/weight") + string("encoder/weight")
    return struct.pack("<I", 6) + string(spec) + struct.pack("<II", 3, 2) + scalar + vector + alias


def tokenizer(languages: tuple[str, ...], start: int = 50_258) -> bytes:
    tokens = ["<|startoftranscript|>", *(f"<|{code}|>" for code in languages), "<|translate|>"]
    return json.dumps({"added_tokens": [{"id": start + i, "content": t} for i, t in enumerate(tokens)]}).encode()


def model_files(languages: tuple[str, ...] = ("en", "zh"), window_s: int = 30, **options: int) -> dict[str, bytes]:
    return {
        "config.json": b'{"suppress_ids": [1]}',
        "model.bin": weights(**options),
        "preprocessor_config.json": json.dumps({"chunk_length": window_s}).encode(),
        "tokenizer.json": tokenizer(languages),
        "vocabulary.json": b'["a", "b"]',
    }


def write_model(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or model_files()).items():
        (folder / name).write_bytes(content)
    return folder


@dataclass
class Hub:
    """What the server serves and how it misbehaves. All of it may be changed between requests."""

    files: dict[str, bytes]
    url: str = ""
    requests: list[tuple[str, str, str]] = field(default_factory=list)  #: method, path, Range
    cuts: list[int] = field(default_factory=list)  #: the next transfers of model.bin end after so many bytes
    corrupt: set[str] = field(default_factory=set)  #: served with one byte changed
    statuses: dict[str, int] = field(default_factory=dict)  #: path ending -> HTTP status
    ignores_range: bool = False
    lists_other_weights: bool = False

    def ranges(self, name: str) -> list[str]:
        return [wanted for method, path, wanted in self.requests if method == "GET" and path.endswith(f"/{name}")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        self._answer(send=True)

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, send: bool) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        self.hub.requests.append((self.command, path, self.headers.get("Range", "")))
        for ending, status in self.hub.statuses.items():
            if path.endswith(ending):
                return self._send(status, b"no", send, {"X-Error-Code": "RepoNotFound"} if status == 404 else {})
        if path == "/":
            return self._send(200, b"hub", send)
        if path in (f"/api/models/{HUB_ID}", f"/api/models/{HUB_ID}/revision/{COMMIT}"):
            assert parse_qs(address.query)["blobs"]
            return self._send(200, json.dumps(self._huggingface()).encode(), send)
        if path == f"/api/v1/models/{HUB_ID}/repo/files":
            return self._send(200, json.dumps(self._modelscope()).encode(), send)
        if path.startswith(f"/{HUB_ID}/resolve/{COMMIT}/"):  # as hubs do: large files lie on another address
            return self._send(302, b"", send, {"Location": f"{self.hub.url}/storage/{Path(path).name}"})
        if path.startswith((f"/models/{HUB_ID}/resolve/master/", "/storage/", "/files/")):
            return self._file(Path(path).name, send)
        return self._send(404, b"no such page", send, {"X-Error-Code": "RepoNotFound"})

    def _huggingface(self) -> dict:
        siblings = [{"rfilename": "README.md", "size": 3, "blobId": "0" * 40}]
        for name, content in self.hub.files.items():
            entry = {"rfilename": name, "size": len(content)}
            entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            if len(content) >= LFS_FROM_BYTES:
                sha256 = "0" * 64 if self.hub.lists_other_weights else hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
            siblings.append(entry)
        return {"id": HUB_ID, "modelId": HUB_ID, "sha": COMMIT, "siblings": siblings, "tags": []}

    def _modelscope(self) -> dict:
        files = [{"Path": "README.md", "Name": "README.md", "Type": "blob", "Size": 3, "Sha256": "0" * 64}]
        for name, content in self.hub.files.items():
            sha256 = hashlib.sha256(content).hexdigest()
            files.append({"Path": name, "Name": name, "Type": "blob", "Size": len(content), "Sha256": sha256})
        return {"Code": 200, "Success": True, "Data": {"Files": files}}

    def _file(self, name: str, send: bool) -> None:
        if name not in self.hub.files:
            return self._send(404, b"no such file", send)
        content = self.hub.files[name]
        headers = {"ETag": f'"{hashlib.md5(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        if name in self.hub.corrupt:
            content = content[:-1] + bytes([content[-1] ^ 1])
        start, wanted = 0, self.headers.get("Range")
        status = 200
        if wanted and not self.hub.ignores_range:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                return self._send(416, b"", send, {"Content-Range": f"bytes */{len(content)}"})
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        cut = self.hub.cuts.pop(0) if send and name == "model.bin" and self.hub.cuts else None
        return self._send(status, content[start:], send, headers, cut)

    def _send(
        self, status: int, body: bytes, send: bool, headers: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if send:
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(files)
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def manifest_text(files: dict[str, bytes], **row: object) -> str:
    """A manifest with one model, "mini", of these files."""
    entries = "\n".join(
        f'"{name}" = {{ size = {len(content)}, sha256 = "{hashlib.sha256(content).hexdigest()}" }}'
        for name, content in files.items()
    )
    extra = "\n".join(f"{key} = {json.dumps(value)}" for key, value in row.items())
    return f"""
format = 1
[[model]]
name = "mini"
aliases = ["smallest"]
languages = ["en", "zh"]
parameters = 1000
licence = "MIT"
window_s = 30.0
padding_s = 1.5
padding_measured = true
quality_rank = 33
hashes = "published"
{extra}
[model.source]
huggingface = "{HUB_ID}"
revision = "{COMMIT}"
modelscope = "{HUB_ID}"
[model.files]
{entries}
"""
