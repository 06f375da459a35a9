"""Writing results: all or nothing, nothing of others overwritten, names that tell recordings apart."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from output_records import record_of, turn_of, two_speakers

from callcore.errors import ConfigError, DiskFull, OutputError
from callcore.output import FORMATS, plan_names, render, write
from callcore.output.files import LEDGER, make_folder


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def record_saying(text: str, **facts: str):
    return record_of([turn_of(1, 0, 0, 2, list(text))], **facts)


def test_every_format_is_written_as_rendered(tmp_path):
    paths = write(two_speakers(), FORMATS, tmp_path / "new" / "folder", "来电 1")
    assert [path.name for path in paths] == [f"来电 1{extension}" for extension, _ in FORMATS.values()]
    for path, fmt in zip(paths, FORMATS, strict=True):
        assert path.read_bytes() == render(two_speakers(), fmt).encode()
    assert entries(tmp_path / "new" / "folder") == {path.name for path in paths} | {LEDGER}


def test_an_unknown_format_writes_nothing(tmp_path):
    with pytest.raises(ConfigError):
        write(two_speakers(), ["json", "docx"], tmp_path / "out", "call")
    assert not (tmp_path / "out").exists()


def test_running_again_replaces_its_own_results(tmp_path):
    write(record_saying("旧文"), ["txt", "json"], tmp_path, "call")
    write(record_saying("新文"), ["txt", "json"], tmp_path, "call")
    write(record_saying("新文"), ["txt", "json"], tmp_path, "call")
    assert "新文" in (tmp_path / "call.txt").read_text(encoding="utf-8")
    assert len((tmp_path / LEDGER).read_text().splitlines()) == 4


def test_files_of_others_and_edited_results_are_kept(tmp_path):
    (tmp_path / "call.txt").write_text("my own notes")
    with pytest.raises(OutputError, match=r"call\.txt exists") as error:
        write(two_speakers(), ["json", "txt"], tmp_path, "call")
    assert "--overwrite" in error.value.hint
    assert entries(tmp_path) == {"call.txt"}

    write(two_speakers(), ["json"], tmp_path, "call")
    edited = (tmp_path / "call.json").read_text(encoding="utf-8").replace("您好", "您好!")
    (tmp_path / "call.json").write_text(edited, encoding="utf-8")
    with pytest.raises(OutputError, match="changed since"):
        write(record_saying("新文"), ["json"], tmp_path, "call")
    assert (tmp_path / "call.json").read_text(encoding="utf-8") == edited


def test_the_result_of_another_recording_is_kept(tmp_path):
    write(record_saying("一", source="mon/call.wav", call_id="1"), ["txt"], tmp_path, "call")
    with pytest.raises(OutputError, match=r"another recording, mon/call\.wav"):
        write(record_saying("二", source="tue/call.wav", call_id="2"), ["txt"], tmp_path, "call")
    assert "一" in (tmp_path / "call.txt").read_text(encoding="utf-8")


def test_a_moved_or_renewed_recording_is_the_same_recording(tmp_path):
    write(record_saying("一", source="in/call.wav", call_id="1"), ["txt"], tmp_path, "call")
    write(record_saying("二", source="done/call.wav", call_id="1"), ["txt"], tmp_path, "call")
    write(record_saying("三", source="done/call.wav", call_id="2"), ["txt"], tmp_path, "call")
    assert "三" in (tmp_path / "call.txt").read_text(encoding="utf-8")


def test_overwrite_replaces_whatever_is_there(tmp_path):
    (tmp_path / "call.txt").write_text("my own notes")
    write(two_speakers(), ["txt"], tmp_path, "call", overwrite=True)
    assert (tmp_path / "call.txt").read_bytes() == render(two_speakers(), "txt").encode()


def test_a_torn_ledger_line_does_no_harm(tmp_path):
    write(record_saying("一"), ["txt"], tmp_path, "call")
    with (tmp_path / LEDGER).open("ab") as ledger:
        ledger.write(b'{"file": "call.t')
    write(record_saying("二"), ["txt"], tmp_path, "call")
    write(record_saying("三"), ["txt"], tmp_path, "call")
    assert "三" in (tmp_path / "call.txt").read_text(encoding="utf-8")


# What can go wrong


@pytest.fixture
def as_nobody():
    """The effective user without rights; as root, permissions would not be felt."""
    if os.name != "posix":
        pytest.skip("needs POSIX permissions")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    if user == 0:
        os.seteuid(user)


@pytest.fixture
def locked_folder(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_a_folder_without_permission_is_named(locked_folder, as_nobody):
    with pytest.raises(OutputError, match="locked") as error:
        write(two_speakers(), ["txt"], locked_folder, "call")
    assert "\n" not in error.value.message
    assert "--output" in error.value.hint


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    for folder in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(OutputError, match=r"cannot make the folder .*--output"):
            write(two_speakers(), ["txt"], folder, "call")


def test_a_folder_in_place_of_the_file_is_an_error_too(tmp_path):
    (tmp_path / "call.txt").mkdir()
    for overwrite in (False, True):
        with pytest.raises(OutputError):
            write(two_speakers(), ["txt"], tmp_path, "call", overwrite=overwrite)
    assert entries(tmp_path) <= {"call.txt", LEDGER}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs Linux and root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_old_results_whole(small_disk):
    write(record_saying("旧文"), ["txt", "json"], small_disk, "call")
    before = {path.name: path.read_bytes() for path in small_disk.iterdir()}
    # Text that does not repeat, so that no compressing file system can hold it.
    noise = random.Random(1)
    endless = record_of([turn_of(1, 0, 0, 9, [chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(40_000)])])
    with pytest.raises(DiskFull, match="no space left") as error:
        write(endless, ["txt", "json"], small_disk, "call")
    assert error.value.exit_code == 6
    assert {path.name: path.read_bytes() for path in small_disk.iterdir()} == before


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "quota"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("format_count", [1, 3])
def test_a_stop_half_way_leaves_no_half_file(tmp_path, monkeypatch, failure, format_count):
    write(record_saying("旧文"), FORMATS, tmp_path, "call")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    synced = itertools.count(1)
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if next(synced) == format_count:
            raise failure
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises((DiskFull, KeyboardInterrupt)):
        write(record_saying("新文"), FORMATS, tmp_path, "call")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_killed_run_leaves_whole_files_that_the_next_run_may_replace(tmp_path):
    program = f"""
import itertools, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
from pathlib import Path
from callcore.output import write
from output_records import record_of, turn_of
for number in itertools.count():
    write(record_of([turn_of(1, 0, 0, 2, [str(number)])]), ["txt", "json"], Path({str(tmp_path)!r}), "call")
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as run:
        while run.stdout.readline() != "20\n":
            assert run.poll() is None
        run.send_signal(signal.SIGKILL)
    number = int(json.loads((tmp_path / "call.json").read_bytes())["turns"][0]["text"])
    assert number >= 20
    write(record_saying("新文"), ["txt", "json"], tmp_path, "call")
    assert "新文" in (tmp_path / "call.txt").read_text(encoding="utf-8")


# Names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/call.wav"], ["call"]),
        (["a/one.wav", "b/two.wav"], ["one", "two"]),
        (["mon/call.wav", "tue/call.wav"], ["mon-call", "tue-call"]),
        (["1/mon/call.wav", "2/mon/call.wav", "x.wav"], ["1-mon-call", "2-mon-call", "x"]),
        (["call.wav", "call.mp3"], ["call.wav", "call.mp3"]),
        (["a/Call.wav", "b/call.WAV"], ["a-Call", "b-call"]),
        (["-"], ["stdin"]),
        (["../call.wav", "x/call.wav", "y/z.wav"], ["call", "x-call", "z"]),
        (["a/call.wav", "a/call.wav"], ["call", "call"]),
    ],
)
def test_recordings_get_names_that_tell_them_apart(paths, names):
    planned = plan_names(map(Path, paths))
    assert [planned[Path(path)] for path in paths] == names


def test_a_name_made_of_folder_and_stem_may_be_taken_already():
    planned = plan_names(map(Path, ["a/call.wav", "b/call.wav", "x/a-call.wav"]))
    assert planned[Path("b/call.wav")] == "b-call"
    assert len(set(planned.values())) == 3


part = st.text("ab-. ", min_size=1, max_size=3).filter(lambda text: text.strip(". "))
some_paths = st.lists(part, min_size=1, max_size=4).map(lambda parts: Path(*parts[:-1], parts[-1] + ".wav"))


@given(st.lists(some_paths, max_size=8, unique=True), st.randoms())
def test_names_differ_whatever_the_paths_and_do_not_depend_on_their_order(paths, shuffler):
    planned = plan_names(paths)
    assert len({name.casefold() for name in planned.values()}) == len(paths)
    shuffled = list(paths)
    shuffler.shuffle(shuffled)
    assert plan_names(shuffled) == planned
    assert not any("/" in name for name in planned.values())


def test_a_very_long_name_still_fits_the_file_system(tmp_path):
    longest = "长" * 83 + "ab"
    name = plan_names([Path(f"{longest}.wav")])[Path(f"{longest}.wav")]
    (path,) = write(two_speakers(), ["jsonl"], tmp_path, name)
    assert path.exists()


def test_a_folder_that_cannot_be_made_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*nope"):
        make_folder(tmp_path / "file" / "nope")
