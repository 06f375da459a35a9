"""``callcore live --check``: what the devices hear, as levels, words and sound."""

from __future__ import annotations

import threading
import wave

import numpy as np
import pytest
from batch_tools import CALL, scripted_model

from callcore.capture.devices import AudioDevice
from callcore.cli import live_check, run
from callcore.cli.live_check import Ear
from callcore.errors import DeviceBusy, DeviceUnusable
from callcore.types import AudioFrame, AudioWarning, WarningKind

TICK = 320
DEVICES = [
    AudioDevice("Headset", 1, 0, 48_000.0, 0, "ALSA", default_input=True),
    AudioDevice("Monitor of Headset", 2, 0, 48_000.0, 1, "ALSA"),
]


def speech() -> np.ndarray:
    """Six seconds of the agent of the bundled call, at 16 kHz."""
    with wave.open(str(CALL)) as source:
        both = np.frombuffer(source.readframes(6 * 8000), np.int16).reshape(-1, 2)
    return (both[:, 0].repeat(2) / 32768).astype(np.float32)


SPEECH = speech()


def ticks(*sides):
    for start in range(0, len(sides[0]), TICK):
        yield [AudioFrame(number, start, side[start : start + TICK]) for number, side in enumerate(sides)]


@pytest.fixture
def heard(monkeypatch, tmp_path):
    """Call the command with devices that hear these sides; returns exit code, output, errors, and what was played."""

    def call(capsys, *sides, error=None, play_error=None):
        played = []

        class Source:
            def __init__(self, plan, deliver, record):
                self.error = None
                self._deliver = deliver

            def start(self):
                if error:
                    raise error
                self._thread = threading.Thread(target=lambda: [*map(self._deliver, ticks(*sides))])
                self._thread.start()

            def stop(self):
                self._thread.join()

        def play(samples):
            if play_error:
                raise play_error
            played.append(samples)

        monkeypatch.setenv("CALLCORE_STORE__DB", str(tmp_path / "calls.db"))
        monkeypatch.setattr("callcore.capture.plan.audio_devices", lambda: DEVICES)
        monkeypatch.setattr(live_check, "DeviceCallSource", Source)
        monkeypatch.setattr("callcore.capture.playback.play", play)
        monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: scripted_model(lambda r: "您好请问"))
        code = run(["live", "--check"])
        out, err = capsys.readouterr()
        assert not (tmp_path / "calls.db").exists()
        return code, out, err, played

    return call


def test_it_shows_levels_and_words_and_plays_them_back(capsys, heard):
    code, out, err, (played,) = heard(capsys, SPEECH, np.zeros_like(SPEECH))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["agent     Headset", "customer  Monitor of Headset"]
    assert lines[2].startswith("agent     heard (peak -")
    assert lines[3].startswith("customer  nothing is heard")
    assert "坐席" in out
    assert "您好，请问。" in out
    assert len(played) == 5 * 16_000
    np.testing.assert_array_equal(played, SPEECH[: 5 * 16_000])


@pytest.mark.parametrize(("gain", "verdict"), [(0.03, "very soft"), (4.0, "too loud")])
def test_bad_levels_are_told(capsys, heard, gain, verdict):
    _, out, _, (played,) = heard(capsys, SPEECH * gain, SPEECH)
    assert verdict in out.splitlines()[2]
    assert np.abs(played).max() <= 1.0


def test_a_machine_without_an_output_can_be_checked(capsys, heard):
    code, out, _, _ = heard(capsys, SPEECH, SPEECH, play_error=DeviceUnusable("no output.", ""))
    assert code == 0
    assert "not played: no output." in out


def test_a_device_that_is_busy(capsys, heard):
    code, _, err, _ = heard(capsys, SPEECH, SPEECH, error=DeviceBusy("Headset: busy.", "Close the other program."))
    assert code == 8
    assert err.splitlines() == ["callcore: Headset: busy.", "  Close the other program."]


def test_a_device_that_delivers_nothing(capsys, heard, monkeypatch):
    monkeypatch.setattr(live_check, "PATIENCE_S", -live_check.CHECK_S)
    code, _, err, _ = heard(capsys, SPEECH[:TICK], SPEECH[:TICK])
    assert code == 8
    assert "only 0.0 s of sound" in err


def test_the_ear_keeps_the_first_seconds_of_all_sides():
    ear = Ear((0, 1), length_s=0.1)
    warning = AudioWarning(WarningKind.OVERRUN, "lost.", 0)
    ear.take([warning])
    for tick in ticks(SPEECH[16_000:20_000], SPEECH[16_000:20_000]):
        assert ear.full.is_set() == (ear.heard_s >= 0.1)
        ear.take(tick)
    assert ear.warnings == [warning]
    audio = ear.audio()
    assert {len(samples) for samples in audio.values()} == {1600}
    assert -60 < ear.level_dbfs(0) < -5
