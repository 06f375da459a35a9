"""What is named on the command line, as careless and as hostile as names come."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from callcore.batch.inputs import STDIN, audio_files, find_inputs, received

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_a_folder_is_searched_by_suffix_hidden_files_left_out(tmp_path):
    touch(*(tmp_path / name for name in ("b.WAV", "a.mp3", "notes.txt", ".hidden.wav", ".trash/x.wav", "sub/c.opus")))
    assert names(find_inputs([str(tmp_path)]).files, tmp_path) == ["a.mp3", "b.WAV", "sub/c.opus"]


def test_a_hidden_folder_that_was_named_is_searched(tmp_path):
    touch(tmp_path / ".spool" / "x.wav")
    assert names(find_inputs([str(tmp_path / ".spool")]).files, tmp_path) == [".spool/x.wav"]


def test_each_file_once_however_it_is_named(tmp_path, monkeypatch):
    touch(tmp_path / "a.wav", tmp_path / "sub" / "b.wav")
    monkeypatch.chdir(tmp_path)
    found = find_inputs(["a.wav", "./a.wav", "sub/../a.wav", ".", str(tmp_path / "a.wav"), "*.wav", "**/*.wav"])
    assert [path.as_posix() for path in found.files] == ["a.wav", "sub/b.wav"]
    assert not found.missing


def test_wrong_names_leave_the_others_alone(tmp_path, monkeypatch):
    touch(tmp_path / "a.wav", tmp_path / "empty" / "notes.txt")
    monkeypatch.chdir(tmp_path)
    long = "x" * 300
    found = find_inputs(["gone.wav", "a.wav", "*.mp3", "empty", long])
    assert found.files == [Path("a.wav")]
    assert [error.message for error in found.missing.values()] == [
        "no such file: gone.wav.",
        "nothing matches *.mp3.",
        "no audio files in empty.",
        f"no such file: {long}.",
    ]
    assert all(error.hint and error.exit_code == 3 for error in found.missing.values())


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(tmp_path):
    touch(tmp_path / "[red]x.wav", tmp_path / "rx.wav")
    assert names(find_inputs([str(tmp_path / "[red]x.wav")]).files, tmp_path) == ["[red]x.wav"]


def test_a_folder_named_like_audio_is_a_folder(tmp_path):
    touch(tmp_path / "x.wav" / "inner.wav")
    assert names(find_inputs([str(tmp_path)]).files, tmp_path) == ["x.wav/inner.wav"]
    assert names(find_inputs([str(tmp_path / "x.wav")]).files, tmp_path) == ["x.wav/inner.wav"]
    assert names(find_inputs([str(tmp_path / "*.wav")]).files, tmp_path) == ["x.wav/inner.wav"]


def test_links_are_files_and_one_that_leads_nowhere_is_not_passed_over(tmp_path):
    touch(tmp_path / "real.wav")
    (tmp_path / "link.wav").symlink_to("real.wav")
    (tmp_path / "nowhere.wav").symlink_to("gone.wav")
    assert names(list(audio_files(tmp_path)), tmp_path) == ["link.wav", "nowhere.wav", "real.wav"]
    assert find_inputs([str(tmp_path / "nowhere.wav")]).files == [tmp_path / "nowhere.wav"]


def test_a_folder_that_may_not_be_searched_is_not_passed_over(tmp_path, monkeypatch):
    touch(tmp_path / "a.wav", tmp_path / "closed" / "b.wav")
    scandir = os.scandir

    def guarded(path):
        if os.fspath(path) == str(tmp_path / "closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert names(list(audio_files(tmp_path)), tmp_path) == ["a.wav", "closed"]


def test_names_that_are_no_unicode(tmp_path):
    if os.name != "posix":
        pytest.skip("such names are POSIX")
    name = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    try:
        Path(os.fsdecode(name)).touch()
    except OSError:
        pytest.skip("this file system takes Unicode only")
    assert [os.fsencode(path) for path in find_inputs([str(tmp_path)]).files] == [name]


def test_standard_input_becomes_a_file_until_the_end():
    assert find_inputs(["-"]).files == [STDIN]
    with received([STDIN, Path("a.wav")], io.BytesIO(b"RIFF")) as copies:
        assert list(copies) == [STDIN]
        copy = copies[STDIN]
        assert copy.read_bytes() == b"RIFF"
        assert copy.parent.stat().st_mode & 0o077 == 0
    assert not copy.parent.exists()


@needs_pipes
def test_a_named_pipe_can_be_read_twice(tmp_path):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    assert not list(audio_files(tmp_path))  # in a folder it was not meant
    writer = threading.Thread(target=pipe.write_bytes, args=(b"audio",))
    writer.start()
    with received(find_inputs([str(pipe)]).files, io.BytesIO()) as copies:
        assert copies[pipe].read_bytes() == copies[pipe].read_bytes() == b"audio"
    writer.join()
