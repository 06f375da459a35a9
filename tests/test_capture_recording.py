"""Recordings of live calls: complete, silent in pauses, and playable whatever happens."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from callcore.audio import open_audio
from callcore.capture.recording import FORMATS, Recorder
from callcore.errors import OutputError
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, Paused, Tick, WarningKind

TICK = 320
CHILD = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from callcore.capture.recording import Recorder
from callcore.types import AudioFrame
path = Path(sys.argv[1])
recorder = Recorder(path, (0, 1))
noise = np.random.default_rng(0)
for number in range(500):
    samples = noise.uniform(-0.5, 0.5, 320).astype(np.float32)
    recorder.write((AudioFrame(0, number * 320, samples), AudioFrame(1, number * 320, -samples)))
print("written", flush=True)
time.sleep(3600)
"""


def tick(number: int, left: float = 0.5, right: float = -0.25) -> Tick:
    return tuple(
        AudioFrame(channel, number * TICK, np.full(TICK, value, dtype=np.float32))
        for channel, value in enumerate((left, right))
    )


def read(path: Path, behind_s: float = 0.0) -> np.ndarray:
    """The samples, shape (channels, n); the file must be sound, its stated length behind by ``behind_s`` at most."""
    with open_audio(path) as source:
        assert source.rate_hz == SAMPLE_RATE_HZ
        samples = np.concatenate(list(source.blocks()), axis=1)
        assert source.warnings() == []
        assert source.duration_s is not None
        assert -1e-6 <= samples.shape[1] / SAMPLE_RATE_HZ - source.duration_s <= behind_s + 1e-6
    return samples


@pytest.mark.parametrize("ending", FORMATS)
def test_what_was_heard_is_in_the_file(tmp_path, ending):
    path = tmp_path / f"call{ending}"
    recorder = Recorder(path, (0, 1))
    for number in range(500):
        recorder.write((Paused(0), *tick(number)) if number == 3 else tick(number))
    recorder.close()
    samples = read(path)
    assert samples.shape == (2, 500 * TICK)
    assert np.abs(samples[0] - 0.5).max() < 1e-4
    assert np.abs(samples[1] + 0.25).max() < 1e-4
    assert recorder.warnings() == []
    assert not recorder.stopped


def test_one_channel_and_too_loud(tmp_path):
    path = tmp_path / "call.flac"
    recorder = Recorder(path, (0,))
    for number in range(100):
        recorder.write((AudioFrame(0, number * TICK, np.full(TICK, 3.0 if number % 2 else -3.0, dtype=np.float32)),))
    recorder.close()
    samples = read(path)
    assert samples.shape == (1, 100 * TICK)
    assert samples.max() == pytest.approx(1.0, abs=1e-3)
    assert samples.min() == pytest.approx(-1.0, abs=1e-3)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_hole_in_the_frames_is_silence_of_its_length(tmp_path, ending):
    path = tmp_path / f"call{ending}"
    recorder = Recorder(path, (0, 1))
    for number in (*range(50), *range(150, 200)):
        recorder.write(tick(number))
    recorder.close()
    samples = read(path)
    assert samples.shape[1] == 200 * TICK
    assert not samples[:, 50 * TICK : 150 * TICK].any()
    assert samples[0, 150 * TICK :].min() > 0.49


@pytest.mark.parametrize("ending", FORMATS)
def test_a_killed_process_leaves_a_playable_file(tmp_path, ending):
    path = tmp_path / f"call{ending}"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        enough = 9 * SAMPLE_RATE_HZ * (2 if ending == ".flac" else 4)
        while path.stat().st_size < enough:  # the recorder's thread is at it
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    samples = read(path, behind_s=1.0)  # a packet may have come and its length not yet been stated
    assert samples.shape[0] == 2
    assert samples.shape[1] >= 8 * SAMPLE_RATE_HZ
    expected = np.random.default_rng(0).uniform(-0.5, 0.5, samples.shape[1])
    assert np.abs(samples[0] - expected).max() < 1e-4
    assert np.abs(samples[1] + expected).max() < 1e-4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is always full, is not there")
@pytest.mark.parametrize("ending", FORMATS)
def test_a_full_disk_stops_the_recording_and_nothing_else(tmp_path, ending, monkeypatch):
    full = os.open("/dev/full", os.O_RDWR)
    path = tmp_path / f"call{ending}"
    recorder = Recorder(path, (0, 1))
    os.dup2(full, recorder._file.fileno())  # the disk fills up while the call goes on
    os.close(full)
    for number in range(2_000):
        recorder.write(tick(number))
    recorder.close()
    (warning,) = recorder.warnings()
    assert warning.kind is WarningKind.RECORDING_STOPPED
    assert os.strerror(errno.ENOSPC) in warning.message
    assert recorder.stopped
    recorder.write(tick(2_001))
    assert recorder.warnings() == []


def test_a_disk_too_slow_leaves_a_hole_and_never_blocks(tmp_path):
    path = tmp_path / "call.wav"
    recorder = Recorder(path, (0, 1), waiting_ticks=20)
    for number in range(5_000):
        recorder.write(tick(number))
    recorder.close()
    samples = read(path)
    assert samples.shape[1] % TICK == 0
    heard = samples[0].reshape(-1, TICK)
    assert all(abs(part - part[0]).max() < 1e-4 for part in heard), "holes are whole ticks"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "call.mp3", "written as .flac or .wav"),
        (lambda folder: folder / "nowhere" / "call.flac", "cannot be written"),
        (lambda folder: folder / "there.flac", "exists already"),
    ],
)
def test_a_file_that_cannot_be_made_is_told_at_once(tmp_path, make, message):
    (tmp_path / "there.flac").write_bytes(b"kept")
    with pytest.raises(OutputError) as told:
        Recorder(make(tmp_path), (0,))
    assert message in told.value.message
    assert (tmp_path / "there.flac").read_bytes() == b"kept"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_its_owner_may_read_a_recording(tmp_path):
    path = tmp_path / "call.flac"
    Recorder(path, (0,)).close()
    assert path.stat().st_mode & 0o077 == 0
