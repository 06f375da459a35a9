"""Capture through PortAudio from a real sound server: what is played on two virtual loudspeakers is heard apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sound_server import SoundServer, require

from callcore.audio import open_audio

TESTS = Path(__file__).parent
WAIT_S = 60.0


class Child:
    """tests/capture_child.py and the events it tells."""

    def __init__(self, folder: Path, env: dict[str, str], agent: str, customer: str) -> None:
        self.heard_file = folder / "heard.npz"
        self.recording = folder / "call.flac"
        command = [sys.executable, str(TESTS / "capture_child.py"), agent, customer]
        self._log = (folder / "child.log").open("w")
        self._process = subprocess.Popen(
            [*command, str(self.heard_file), str(self.recording)],
            env=env | {"PYTHONPATH": str(TESTS.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.events: list[dict] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()

    def wait(self, condition: Callable[[list[dict]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.events), WAIT_S), f"heard only {self.events}"

    def wait_for(self, event: str, count: int = 1, **fields) -> None:
        wanted = {"event": event, **fields}
        self.wait(lambda events: sum(wanted.items() <= told.items() for told in events) >= count)

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        count = sum(told["event"] == command for told in self.events)
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        self.wait_for(command, count + 1)

    def stop(self) -> dict[int, np.ndarray]:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.wait_for("stopped")
        assert self._process.wait(WAIT_S) == 0
        with np.load(self.heard_file) as heard:
            return dict(enumerate(heard[name] for name in heard.files))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._log.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()

    def kinds(self) -> list[tuple[str, int | None]]:
        return [(told["kind"], told["channel"]) for told in self.events if told.get("kind")]


@contextmanager
def listening(folder: Path, env: dict[str, str], agent: str, customer: str) -> Iterator[Child]:
    child = Child(folder, env, agent, customer)
    try:
        yield child
    finally:
        child.close()


@pytest.fixture
def server() -> Iterator[SoundServer]:
    require()
    with SoundServer() as running:
        yield running


@pytest.fixture(scope="module")
def sides(tmp_path_factory, fixture_call) -> tuple[Path, Path]:
    """The loudest four seconds of the bundled call's two sides, each as a file of its own."""
    folder = tmp_path_factory.mktemp("sides")
    with open_audio(fixture_call) as source:
        samples = np.concatenate(list(source.blocks()), axis=1)
    paths = []
    for number, name in enumerate(("agent", "customer")):
        paths.append(folder / f"{name}.wav")
        with wave.open(str(paths[-1]), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes((loudest(samples[number], 4 * 16_000) * 32_767).astype("<i2").tobytes())
    return paths[0], paths[1]


def loudest(samples: np.ndarray, count: int) -> np.ndarray:
    """The stretch of ``count`` samples with the most energy."""
    energy = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    start = int(np.argmax(energy[count:] - energy[:-count]))
    return samples[start : start + count]


def read(path: Path) -> np.ndarray:
    with open_audio(path) as source:
        return np.concatenate(list(source.blocks()), axis=1)


def likeness(heard: np.ndarray, played: np.ndarray) -> tuple[float, int]:
    """Largest normalised correlation of ``played`` somewhere in ``heard``, and where."""
    size = 1 << (len(heard) + len(played)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size)), size)[: len(heard)]
    at = int(np.argmax(both))
    part = heard[at : at + len(played)]
    return float(both[at] / (np.linalg.norm(part) * np.linalg.norm(played) + 1e-9)), at


def test_both_sides_of_a_call_are_heard_apart_and_recorded(server, sides, tmp_path):
    with listening(tmp_path, server.env, server.pcm("agent"), server.pcm("customer")) as child:
        child.wait_for("started")
        players = [server.play(path, sink) for path, sink in zip(sides, server.sinks, strict=True)]
        for player in players:
            assert player.wait(WAIT_S) == 0
        heard = child.stop()
        assert child.kinds() == []
    # The first seconds of a device may hold one cut, where its place in time is set right.
    for channel, path in enumerate(sides):
        pieces = loudest(read(path)[0], 32_000).reshape(-1, 4_000)
        own = [likeness(heard[channel], piece)[0] for piece in pieces]
        other = [likeness(heard[1 - channel], piece)[0] for piece in pieces]
        assert np.median(own) > 0.9, "what was played is heard"
        assert np.mean(other) < 0.6, "on its own side only"
    recorded = read(tmp_path / "call.flac")
    for channel in (0, 1):
        assert recorded.shape[1] == len(heard[channel])
        assert np.abs(recorded[channel] - heard[channel]).max() < 1e-3


def test_a_pause_is_silent_in_what_is_heard_and_recorded(server, sides, tmp_path):
    with listening(tmp_path, server.env, server.pcm("agent"), server.pcm("customer")) as child:
        child.wait_for("started")
        player = server.play(sides[0], "agent")
        child.wait_for("sound", channel=0)
        child.tell("pause")
        child.tell("again")
        assert player.wait(WAIT_S) == 0
        assert not any(
            told == {"event": "sound", "channel": 0} for told in child.events[child.events.index({"event": "again"}) :]
        )
        child.tell("resume")
        server.play(sides[0], "agent")
        child.wait_for("sound", 2, channel=0)
        heard = child.stop()
        assert [told["event"] for told in child.events if told["event"] in ("Paused", "Resumed")] == [
            "Paused",
            "Resumed",
        ]
    recorded = read(tmp_path / "call.flac")
    silent = np.flatnonzero(np.abs(recorded[0]).reshape(-1, 320).max(axis=1) == 0)
    runs = np.split(silent, np.flatnonzero(np.diff(silent) != 1) + 1)
    assert max(map(len, runs)) > 50, "the pause is in the file as silence"
    assert recorded.shape[1] == len(heard[0])


def test_a_sound_system_that_dies_and_returns(sides, tmp_path):
    """The customer's side has a sound server of its own; when it is killed the agent's goes on."""
    require()
    with SoundServer(("agent",)) as steady, SoundServer(("customer",)) as shaky:
        config = steady.folder / "both.conf"
        lines = (steady.folder / "asound.conf").read_text().splitlines()
        lines += (shaky.folder / "asound.conf").read_text().splitlines()[2:]  # its default is not wanted
        config.write_text("\n".join(lines) + "\n")
        env = steady.env | {"ALSA_CONFIG_PATH": str(config)}
        with listening(tmp_path, env, steady.pcm("agent"), shaky.pcm("customer")) as child:
            child.wait_for("started")
            shaky.play(sides[1], "customer")
            child.wait_for("sound", channel=1)
            shaky.stop()
            child.wait_for("AudioWarning", kind="device_lost", channel=1)
            child.tell("again")
            steady.play(sides[0], "agent")
            child.wait_for("sound", channel=0)
            shaky.start()
            child.wait_for("AudioWarning", kind="device_returned", channel=1)
            shaky.play(sides[1], "customer")
            child.wait_for("sound", 2, channel=1)
            heard = child.stop()
            assert child.kinds() == [("device_lost", 1), ("device_returned", 1)]
    assert len(heard[0]) == len(heard[1])


def test_a_device_that_is_not_there_is_told_at_once(server, tmp_path):
    server.remove_sink("customer")
    server.remove_sink("agent")
    with listening(tmp_path, server.env, server.pcm("agent"), server.pcm("customer")) as child:
        child.wait_for("error", type="DeviceNotFound")


def test_the_command_lists_the_monitors(server):
    code = "from callcore.cli import main; main()"
    command = [sys.executable, "-c", code, "devices", "--format", "json"]
    env = server.env | {"PYTHONPATH": os.fspath(TESTS.parent)}
    done = subprocess.run(command, env=env, capture_output=True, check=True, timeout=WAIT_S)
    listed = {row["name"]: row["is_monitor"] for row in json.loads(done.stdout)}
    assert listed[server.pcm("agent")]
    assert listed[server.pcm("customer")]
    assert not listed[server.playback_pcm("agent")]
