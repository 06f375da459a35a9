"""Pulling from hubs on the loopback interface: resume, checksums, errors; adding folders and archives."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_hub import COMMIT, HUB_ID, Hub, manifest_text, model_files, serving, tokenizer, weights, write_model

from callcore.config import ModelSettings
from callcore.errors import DiskFull, ModelCorrupt, ModelDownloadError, ModelError, ModelNotFound, OutputError
from callcore.models.archive import unpack
from callcore.models.fetch import pull
from callcore.models.files import ModelFault
from callcore.models.install import add, removable, remove, verify
from callcore.models.manifest import load_manifest
from callcore.models.registry import find_models, partial_pulls, resolve

FILES = model_files()
SIZE = len(FILES["model.bin"])
ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of the test's own, no waiting between attempts, no proxy, no token."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("callcore.models.files.data_folder", lambda: tmp_path / "data" / "callcore")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("callcore.models.download.RETRY_WAITS_S", (0, 0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", "secret")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(dict(FILES)) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, hub: Hub) -> ModelSettings:
    return ModelSettings(
        folder=tmp_path / "models", hub_endpoint=hub.url, modelscope_endpoint=hub.url + "/", timeout_s=20
    )


@pytest.fixture
def mini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A manifest that knows the served model by the name "mini"."""
    bundled = tmp_path / "shipped" / "models"
    bundled.mkdir(parents=True)
    (bundled / "manifest.toml").write_text(manifest_text(FILES), encoding="utf-8")
    monkeypatch.setattr("callcore.paths.PACKAGE", tmp_path / "shipped" / "callcore")
    load_manifest.cache_clear()
    yield
    load_manifest.cache_clear()


def installed(settings: ModelSettings) -> set[str]:
    return {model.name for model in find_models(settings)} - {"starter-zh", "starter-en"}


def record(settings: ModelSettings, name: str) -> dict:
    return json.loads((settings.folder / name / "callcore-model.json").read_text(encoding="utf-8"))


def test_a_pull_brings_what_decoding_needs_and_records_checksums(hub: Hub, settings: ModelSettings):
    seen: dict[str, int] = {}
    model = pull(HUB_ID, settings, progress=lambda name, done, total: seen.update({name: done}))
    assert (model.name, model.languages) == ("whisper-mini", ("en", "zh"))
    folder = settings.folder / "whisper-mini"
    assert {path.name for path in folder.iterdir()} == {*FILES, "callcore-model.json"}
    assert all((folder / name).read_bytes() == content for name, content in FILES.items())
    kept = record(settings, "whisper-mini")
    assert kept["source"] == f"huggingface:{HUB_ID}@{COMMIT}"
    assert kept["checksums_from"] == "source"
    assert kept["files"]["model.bin"]["sha256"] == hashlib.sha256(FILES["model.bin"]).hexdigest()
    assert seen == {name: len(content) for name, content in FILES.items()}
    assert [outcome.fault for outcome in verify("whisper-mini", settings)] == [""]
    assert resolve("whisper-mini", "zh", settings) == model


def test_a_known_model_is_held_to_the_manifest(hub: Hub, settings: ModelSettings, mini: None):
    model = pull("smallest", settings)
    assert (model.name, model.padding_s, model.padding_measured) == ("mini", 1.5, True)
    assert record(settings, "mini")["checksums_from"] == "manifest"
    assert ("GET", f"/api/models/{HUB_ID}/revision/{COMMIT}", "") in hub.requests
    assert resolve("auto", "zh", settings).name == "mini"


def test_a_hub_with_other_weights_is_refused_before_anything_is_fetched(hub: Hub, settings: ModelSettings, mini: None):
    hub.lists_other_weights = True
    with pytest.raises(ModelDownloadError, match=r"model\.bin with another checksum"):
        pull("mini", settings)
    assert hub.ranges("model.bin") == []
    assert partial_pulls(settings) == {}


def test_a_revision_of_ones_own_lifts_the_pin(hub: Hub, settings: ModelSettings, mini: None):
    hub.files["model.bin"] = weights(200_000, seed=5)
    with pytest.raises(ModelDownloadError):
        pull("mini", settings)
    model = pull("mini", settings, revision=COMMIT)
    assert model.padding_s is None  # other weights: nothing is known of them


def test_modelscope_serves_too(hub: Hub, settings: ModelSettings, mini: None):
    assert pull("mini", settings, source="modelscope").name == "mini"
    assert ("GET", f"/models/{HUB_ID}/resolve/master/model.bin", "") in hub.requests
    assert record(settings, "mini")["source"] == f"modelscope:{HUB_ID}@master"
    pull(HUB_ID.upper().lower(), settings, source="modelscope", save_as="again")
    assert installed(settings) == {"mini", "again"}


def test_a_folder_on_a_web_server_serves_too(hub: Hub, settings: ModelSettings):
    model = pull(HUB_ID, settings, source=f"{hub.url}/files/mini", save_as="ours")
    assert record(settings, "ours")["checksums_from"] == "none"
    copied = (model.folder / "callcore-model.json").read_bytes()
    hub.files["callcore-model.json"] = copied
    pull(HUB_ID, settings, source=f"{hub.url}/files/mini/", save_as="checked")
    assert record(settings, "checked")["checksums_from"] == "source"
    hub.corrupt.add("model.bin")
    with pytest.raises(ModelDownloadError, match="checksum"):
        pull(HUB_ID, settings, source=f"{hub.url}/files/mini", save_as="third")


@pytest.mark.parametrize("source", ["huggingface", "modelscope", "url"])
def test_a_broken_connection_is_taken_up_where_it_broke(hub: Hub, settings: ModelSettings, source: str):
    hub.cuts = [600_000, 300_000]
    pull(HUB_ID, settings, source=f"{hub.url}/files" if source == "url" else source)
    ranges = hub.ranges("storage/model.bin" if source == "huggingface" else "model.bin")
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges if wanted]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] < SIZE
    assert (settings.folder / "whisper-mini" / "model.bin").read_bytes() == FILES["model.bin"]


def test_a_pull_that_gave_up_goes_on_the_next_time(hub: Hub, settings: ModelSettings):
    hub.cuts = [700_000, 0, 0]
    with pytest.raises(ModelDownloadError) as caught:
        pull(HUB_ID, settings)
    assert "again" in caught.value.hint
    assert installed(settings) == set()
    kept = partial_pulls(settings)["whisper-mini"]
    assert kept > 500_000
    with pytest.raises(ModelNotFound, match="not installed"):
        resolve(HUB_ID, None, settings)
    hub.requests.clear()
    pull(HUB_ID, settings)
    assert hub.ranges("storage/config.json") == []  # whole files are not fetched twice
    assert [bool(wanted) for wanted in hub.ranges("storage/model.bin")] == [True]
    assert partial_pulls(settings) == {}


def test_a_known_model_that_is_half_here_says_so(hub: Hub, settings: ModelSettings, mini: None):
    hub.cuts = [700_000, 0, 0]
    with pytest.raises(ModelDownloadError):
        pull("mini", settings)
    with pytest.raises(ModelNotFound, match="only 1 of 1 MB") as caught:
        resolve("mini", "zh", settings)
    assert "callcore models pull mini" in caught.value.hint


def test_what_an_older_version_left_is_never_mixed_in(hub: Hub, settings: ModelSettings):
    hub.cuts = [700_000, 0, 0]
    with pytest.raises(ModelDownloadError):
        pull(HUB_ID, settings)
    hub.files["model.bin"] = weights(seed=2)
    pull(HUB_ID, settings)
    assert (settings.folder / "whisper-mini" / "model.bin").read_bytes() == hub.files["model.bin"]


@pytest.mark.parametrize("junk", [b"x" * 5000, b"y" * (SIZE + 10), b"z" * SIZE])
def test_a_part_with_wrong_contents_costs_one_more_transfer_only(hub: Hub, settings: ModelSettings, junk: bytes):
    hub.cuts = [700_000, 0, 0]
    with pytest.raises(ModelDownloadError):
        pull(HUB_ID, settings)
    (settings.folder / ".whisper-mini.part" / "model.bin.part").write_bytes(junk)
    pull(HUB_ID, settings)
    assert (settings.folder / "whisper-mini" / "model.bin").read_bytes() == FILES["model.bin"]


def test_a_server_that_knows_no_ranges_sends_all_again(hub: Hub, settings: ModelSettings):
    hub.cuts, hub.ignores_range = [400_000], True
    pull(HUB_ID, settings)
    assert (settings.folder / "whisper-mini" / "model.bin").read_bytes() == FILES["model.bin"]


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_a_wrong_checksum_is_refused_and_thrown_away(hub: Hub, settings: ModelSettings, name: str):
    hub.corrupt.add(name)
    with pytest.raises(ModelDownloadError, match=f"{name}.*wrong checksum"):
        pull(HUB_ID, settings)
    assert installed(settings) == set()
    assert not (settings.folder / ".whisper-mini.part" / f"{name}.part").exists()
    hub.corrupt.clear()
    pull(HUB_ID, settings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model.bin": b"<html>an error page" + b" " * 200_000}, "not a CTranslate2 model"),
        ({"tokenizer.json": b"{"}, "tokenizer.json is not JSON"),
    ],
)
def test_what_is_no_model_is_not_installed_whatever_its_checksum(
    hub: Hub, settings: ModelSettings, change: dict[str, bytes], says: str
):
    hub.files.update(change)
    with pytest.raises(ModelDownloadError, match=says):
        pull(HUB_ID, settings)
    assert installed(settings) == set()
    assert partial_pulls(settings) == {}


@pytest.mark.parametrize("source", ["huggingface", "modelscope"])
@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [(404, ModelNotFound, "name"), (401, ModelDownloadError, "HF_TOKEN"), (503, ModelDownloadError, "again")],
)
def test_a_hub_that_refuses_is_reported(
    hub: Hub, settings: ModelSettings, monkeypatch, source: str, status: int, error: type, hint: str
):
    hub.statuses = {HUB_ID: status, f"{COMMIT}": status, "/repo/files": status}
    with pytest.raises(error, match=str(status)) as caught:
        pull(HUB_ID, settings, source=source)
    assert hint in caught.value.hint
    assert partial_pulls(settings) == {}


@pytest.mark.parametrize(("status", "attempts"), [(403, 1), (404, 1), (500, 3), (429, 3)])
def test_a_file_that_is_refused_is_tried_again_only_when_that_may_help(
    hub: Hub, settings: ModelSettings, status: int, attempts: int
):
    hub.statuses = {"/storage/model.bin": status}
    with pytest.raises(ModelError, match=str(status)):
        pull(HUB_ID, settings)
    assert len(hub.ranges("storage/model.bin")) == attempts


def test_an_answer_that_is_no_hubs_is_reported(hub: Hub, settings: ModelSettings):
    hub.files["other"] = b"<html>Please sign in to this network</html>"
    for portal in ("huggingface", "modelscope"):
        endpoints = {"hub_endpoint": f"{hub.url}/files", "modelscope_endpoint": f"{hub.url}/files"}
        hub.files["files"] = hub.files["other"]
        with pytest.raises(ModelDownloadError, match=r"not a hub's|no list of files"):
            pull("acme/other", settings.model_copy(update=endpoints), source=portal)


def test_a_server_that_is_down_is_reported_with_other_ways(tmp_path: Path):
    with serving({}) as gone:
        pass
    settings = ModelSettings(folder=tmp_path / "models", hub_endpoint=gone.url, modelscope_endpoint=gone.url)
    for source in ("huggingface", "modelscope", f"{gone.url}/files"):
        with pytest.raises(ModelDownloadError, match="cannot be reached") as caught:
            pull(HUB_ID, settings, source=source)
        assert "HF_ENDPOINT" in caught.value.hint
        assert "callcore models add" in caught.value.hint


def test_a_repository_without_a_model_is_refused(hub: Hub, settings: ModelSettings):
    del hub.files["model.bin"]
    for source in ("huggingface", "modelscope", f"{hub.url}/files"):
        with pytest.raises(ModelDownloadError, match=r"model\.bin missing"):
            pull(HUB_ID, settings, source=source)


def test_the_token_stays_with_the_hub(hub: Hub, settings: ModelSettings, monkeypatch):
    sent: list[tuple[str, str | None]] = []
    with serving(dict(FILES)) as elsewhere:
        from model_hub import Handler

        original = Handler._answer

        def note(self, send: bool) -> None:
            sent.append((self.headers["Host"], self.headers.get("Authorization")))
            if self.hub is hub and "/storage/" in self.path:
                self._send(302, b"", send, {"Location": f"{elsewhere.url}{self.path}"})
            else:
                original(self, send)

        monkeypatch.setattr(Handler, "_answer", note)
        pull(HUB_ID, settings)
        other = elsewhere.url.removeprefix("http://")
        assert {token for host, token in sent if host != other} == {"Bearer secret"}
        assert {token for host, token in sent if host == other} == {None}


def test_an_offline_hub_library_is_obeyed(settings: ModelSettings, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    from huggingface_hub.utils import close_session

    close_session()
    try:
        with pytest.raises(ModelDownloadError, match="HF_HUB_OFFLINE"):
            pull(HUB_ID, settings)
    finally:
        monkeypatch.undo()
        close_session()


def test_too_little_room_is_noticed_before_anything_is_fetched(hub: Hub, settings: ModelSettings, monkeypatch):
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr("callcore.models.install.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskFull, match="1 MB free"):
        pull(HUB_ID, settings)
    assert hub.ranges("storage/model.bin") == []


def test_a_disk_that_fills_up_on_the_way_leaves_a_resumable_part(hub: Hub, settings: ModelSettings, monkeypatch):
    plain = Path.open

    class Full(io.FileIO):
        def write(self, data) -> int:
            if self.tell() > 400_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def small_disk(self: Path, mode: str = "r", *rest, **options):
        return (
            Full(self, mode) if self.name == "model.bin.part" and mode != "rb" else plain(self, mode, *rest, **options)
        )

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", small_disk)
        with pytest.raises(DiskFull, match="no space left"):
            pull(HUB_ID, settings)
    hub.requests.clear()
    pull(HUB_ID, settings)
    assert hub.ranges("storage/model.bin")[0].startswith("bytes=")


def test_a_models_folder_that_cannot_be_written_is_reported(settings: ModelSettings, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file"):
        pull(HUB_ID, settings.model_copy(update={"folder": tmp_path / "file" / "models"}))


def test_an_installed_model_is_replaced_only_on_request(hub: Hub, settings: ModelSettings):
    first = pull(HUB_ID, settings)
    with pytest.raises(ModelError, match="already installed") as caught:
        pull(HUB_ID, settings)
    assert "--force" in caught.value.hint
    hub.files["model.bin"] = weights(seed=3)
    assert pull(HUB_ID, settings, force=True).model_hash != first.model_hash
    assert {path.name for path in settings.folder.iterdir() if path.is_dir()} == {"whisper-mini"}


def test_a_failed_replacement_leaves_the_old_model(hub: Hub, settings: ModelSettings):
    first = pull(HUB_ID, settings)
    hub.files["model.bin"] = b"<html>" + b" " * 200_000
    with pytest.raises(ModelDownloadError):
        pull(HUB_ID, settings, force=True)
    assert resolve("whisper-mini", None, settings) == first


def test_a_replacement_killed_between_its_two_steps_is_undone(hub: Hub, settings: ModelSettings):
    first = pull(HUB_ID, settings)
    first.folder.rename(first.folder.with_name(".whisper-mini.old"))
    with pytest.raises(ModelError, match="already installed"):
        pull(HUB_ID, settings)
    assert resolve("whisper-mini", None, settings) == first


def test_two_pulls_of_one_model_do_not_meet(settings: ModelSettings):
    settings.folder.mkdir()
    with filelock.FileLock(settings.folder / ".whisper-mini.lock"), pytest.raises(ModelError, match="another process"):
        pull(HUB_ID, settings)


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("starter-zh", {}, ModelError, "part of callcore"),
        ("nonesuch", {}, ModelNotFound, "Known: tiny"),
        (HUB_ID, {"save_as": "../outside"}, ModelError, "cannot be the name"),
        (HUB_ID, {"save_as": "starter-zh"}, ModelError, "bundled"),
        (HUB_ID, {"source": "elsewhere"}, ModelError, "huggingface or modelscope"),
        ("turbo", {"source": "modelscope"}, ModelNotFound, "not known"),
    ],
)
def test_requests_that_make_no_sense_are_refused(settings: ModelSettings, name, options, error, says: str):
    with pytest.raises(error) as caught:
        pull(name, settings, **options)
    assert says in str(caught.value)
    assert not settings.folder.exists() or partial_pulls(settings) == {}


CHILD = """
import sys
from pathlib import Path
from callcore.config import ModelSettings
from callcore.models.fetch import pull

def progress(name, done, total):
    if name == "model.bin" and done > 500_000:
        print("half", flush=True)
        sys.stdin.readline()

pull(sys.argv[1], ModelSettings(folder=Path(sys.argv[2])), progress=progress)
"""


def test_a_killed_pull_is_not_installed_and_the_next_one_goes_on(hub: Hub, settings: ModelSettings, tmp_path: Path):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CHILD, HUB_ID, str(settings.folder)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert installed(settings) == set()
    assert partial_pulls(settings)["whisper-mini"] > 500_000
    hub.requests.clear()
    pull(HUB_ID, settings)
    assert hub.ranges("storage/model.bin")[0].startswith("bytes=5")
    assert installed(settings) == {"whisper-mini"}


# --- add, remove, verify ---------------------------------------------------------------------------------------------


def pack_zip(file: Path, files: dict[str, bytes], inside: str = "") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(inside + name, content)
    return file


def pack_tar(file: Path, files: dict[str, bytes], inside: str = "", mode: str = "w:gz") -> Path:
    with tarfile.open(file, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(inside + name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


def packed(form: str, folder: Path) -> Path:
    if form == "folder":
        return write_model(folder / "ours", {**FILES, "notes.txt": b"not needed"})
    if form.startswith("zip"):
        return pack_zip(folder / "ours.zip", {**FILES, "notes.txt": b"x"}, "ours/" if form.endswith("/") else "")
    suffix = form.removesuffix("/")
    mode = {"tar": "w", "tar.gz": "w:gz", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[suffix]
    return pack_tar(folder / f"ours.{suffix}", FILES, "a/ours/" if form.endswith("/") else "", mode)


@pytest.mark.parametrize("form", ["folder", "zip", "zip/", "tar", "tar.gz/", "tgz", "tar.bz2", "tar.xz/"])
def test_folders_and_archives_can_be_added(settings: ModelSettings, tmp_path: Path, form: str):
    model = add(packed(form, tmp_path), settings)
    assert (model.name, model.languages, model.place) == ("ours", ("en", "zh"), "user")
    assert {path.name for path in model.folder.iterdir()} == {*FILES, "callcore-model.json"}
    assert resolve("ours", "zh", settings) == model
    assert [path.name for path in settings.folder.iterdir() if path.is_dir()] == ["ours"]


def test_an_air_gapped_copy_keeps_its_name_and_is_checked(hub: Hub, settings: ModelSettings, tmp_path: Path):
    pulled = pull(HUB_ID, settings)
    carried = {path.name: path.read_bytes() for path in pulled.folder.iterdir()}
    there = ModelSettings(folder=tmp_path / "there")
    assert add(write_model(tmp_path / "usb", carried), there).model_hash == pulled.model_hash
    assert record(there, "whisper-mini")["checksums_from"] == "source"
    damaged = {**carried, "model.bin": weights(seed=7)}
    with pytest.raises(ModelCorrupt, match=r"checksum of model\.bin"):
        add(pack_zip(tmp_path / "damaged.zip", damaged), there)
    assert installed(there) == {"whisper-mini"}


def test_a_hub_cache_snapshot_is_named_after_its_repository(settings: ModelSettings, tmp_path: Path):
    snapshot = tmp_path / "models--acme--fine-whisper" / "snapshots" / COMMIT
    assert add(write_model(snapshot), settings).name == "fine-whisper"


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("path", ["../model.bin", "/etc/model.bin", "a/../../model.bin", "C:/model.bin"])
@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_archives_that_reach_outside_are_refused_whole(settings: ModelSettings, tmp_path: Path, pack, path: str):
    files = {name: content for name, content in FILES.items() if name != "model.bin"}
    with pytest.raises(ModelCorrupt, match="unsafe path"):
        add(pack(tmp_path / "evil.zip", {**files, path: FILES["model.bin"]}), settings)
    assert not (tmp_path / "model.bin").exists()
    assert installed(settings) == set()
    assert [path for path in settings.folder.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    "member", [link("model.bin", "/etc/passwd"), link("m", "x", tarfile.LNKTYPE), link("d", "", tarfile.CHRTYPE)]
)
def test_archives_with_links_or_devices_are_refused(settings: ModelSettings, tmp_path: Path, member: tarfile.TarInfo):
    archive = pack_tar(tmp_path / "evil.tar", FILES, mode="w")
    with tarfile.open(archive, "a") as tar:
        tar.addfile(member)
    with pytest.raises(ModelCorrupt, match="link or device"):
        add(archive, settings)


def test_zip_archives_with_links_are_refused(settings: ModelSettings, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        info = zipfile.ZipInfo("model.bin")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ModelCorrupt, match="link or device"):
        add(tmp_path / "evil.zip", settings)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda file: file.write_bytes(b""), "neither a folder nor"),
        (lambda file: file.write_bytes(b"just text"), "neither a folder nor"),
        (lambda file: pack_zip(file, {"readme": b"x"}), "no model.bin"),
        (lambda file: pack_zip(file, {"a/model.bin": b"x", "b/model.bin": b"y"}), "several models"),
        (lambda file: pack_zip(file, {**FILES, "model.bin": b""}), "model.bin is empty"),
        (lambda file: pack_zip(file, {"model.bin": FILES["model.bin"]}), "missing"),
        (lambda file: file.write_bytes(pack_tar(file, FILES).read_bytes()[:-2000]), "damaged|cut short"),
        (lambda file: file.write_bytes(pack_tar(file, FILES, mode="w").read_bytes()[:600_000]), "damaged|cut short"),
    ],
)
def test_what_is_no_archive_of_a_model_is_refused(settings: ModelSettings, tmp_path: Path, make, says: str):
    make(tmp_path / "ours.zip")
    with pytest.raises(ModelCorrupt, match=says):
        add(tmp_path / "ours.zip", settings)
    assert installed(settings) == set()
    assert partial_pulls(settings) == {}


def test_zstandard_archives_are_named_as_unreadable(settings: ModelSettings, tmp_path: Path):
    (tmp_path / "ours.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(ModelCorrupt, match="unpack it"):
        add(tmp_path / "ours.tar.zst", settings, name="ours")


@given(content=st.binary(max_size=400))
def test_arbitrary_bytes_are_no_archive_and_raise_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
):
    folder = tmp_path_factory.mktemp("noise")
    (folder / "noise.tar").write_bytes(content)
    with pytest.raises(ModelFault):
        unpack(folder / "noise.tar", folder, lambda _: None)


def test_an_archive_larger_than_the_disk_is_refused_before_it_is_unpacked(
    settings: ModelSettings, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("callcore.models.install.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    for form in ("zip", "folder"):
        with pytest.raises(DiskFull):
            add(packed(form, tmp_path), settings)
    assert partial_pulls(settings) == {}


def test_adding_what_is_not_there_or_taken_is_refused(settings: ModelSettings, tmp_path: Path):
    with pytest.raises(ModelNotFound, match="nowhere"):
        add(tmp_path / "nowhere", settings)
    folder = write_model(tmp_path / "ours")
    add(folder, settings)
    with pytest.raises(ModelError, match="already installed"):
        add(folder, settings)
    add(folder, settings, force=True)
    with pytest.raises(ModelError, match="bundled"):
        add(folder, settings, name="starter-zh")


def test_the_starter_models_own_weights_are_recognised_under_any_name(settings: ModelSettings, starter_model: Path):
    model = add(starter_model, settings, name="copy")
    row = load_manifest().find("starter-zh")
    assert (model.window_s, model.languages, model.synthetic_only) == (row.window_s, ("zh",), True)


def test_removing_takes_what_callcore_brought_and_nothing_else(settings: ModelSettings, tmp_path: Path):
    own = write_model(tmp_path / "own")
    add(own, settings, name="ours")
    remove(removable("ours", settings))
    assert installed(settings) == set()
    assert not (settings.folder / "ours").exists()
    for name, error, says in [
        ("ours", ModelNotFound, "not installed"),
        ("starter-zh", ModelError, "part of callcore"),
        (str(own), ModelError, "your own folder"),
    ]:
        with pytest.raises(error, match=says):
            removable(name, settings)
    assert own.is_dir()


def test_verify_reads_the_files_again_whatever_was_remembered(settings: ModelSettings, tmp_path: Path):
    add(write_model(tmp_path / "one"), settings)
    add(write_model(tmp_path / "two"), settings)
    weights_file = settings.folder / "one" / "model.bin"
    before = weights_file.stat()
    content = bytearray(weights_file.read_bytes())
    content[-200] ^= 1
    weights_file.write_bytes(content)
    os.utime(weights_file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a failing disk would: nothing to see
    started: list[str] = []
    outcomes = {outcome.name: outcome for outcome in verify(None, settings, lambda model: started.append(model.name))}
    assert "checksum of model.bin" in outcomes["one"].fault
    assert "callcore models add" in outcomes["one"].mend
    assert {outcome.fault for name, outcome in outcomes.items() if name != "one"} == {""}
    assert started == list(outcomes)
    with pytest.raises(ModelNotFound):
        verify("three", settings)


def test_a_tokenizer_without_the_usual_tokens_is_no_whisper(settings: ModelSettings, tmp_path: Path):
    files = {**FILES, "tokenizer.json": b'{"added_tokens": [{"id": 1, "content": "x"}]}'}
    with pytest.raises(ModelCorrupt, match="languages"):
        add(write_model(tmp_path / "odd", files), settings)
    assert tokenizer(("en",))
