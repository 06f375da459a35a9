"""A private PulseAudio daemon with virtual sound devices, for tests that listen to or play real sound.

Nothing of the machine's own sound is touched: the daemon has its own socket, home and runtime folder, and programs find
it through :attr:`SoundServer.env` only.

Each sink is a virtual loudspeaker. What is played to it can be recorded from its monitor: by PulseAudio clients as the
source ``NAME.monitor``, by ALSA clients (PortAudio and so sounddevice, baresip's alsa module) as the PCM
``NAME_monitor``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from ctypes.util import find_library
from pathlib import Path
from typing import IO, Self

import pytest

PROGRAMS = ("pulseaudio", "pactl", "paplay")
START_S = 30.0  #: generous: a loaded machine takes a second or two
READY = "Daemon startup complete"

SINK_RATE_HZ = 48_000


def missing() -> str:
    """What a test with a sound server lacks on this machine, or an empty string."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            return f"{program} is not installed (apt install pulseaudio pulseaudio-utils)"
    if find_library("portaudio") is None:
        return "libportaudio2 is not installed"
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "the PulseAudio plugin of ALSA is not installed (apt install libasound2-plugins)"
    return ""


def require() -> None:
    """Skip the test, with the reason, where :func:`missing` finds something."""
    if reason := missing():
        pytest.skip(reason)


class SoundServer:
    """The daemon, while the context lasts. ``sinks``: names of the virtual loudspeakers made at the start."""

    def __init__(self, sinks: Sequence[str] = ("agent", "customer"), rate_hz: int = SINK_RATE_HZ) -> None:
        self.sinks = tuple(sinks)
        self.rate_hz = rate_hz
        self._folder: Path | None = None
        self._daemon: subprocess.Popen[str] | None = None
        self._modules: dict[str, str] = {}
        self._clients: list[subprocess.Popen[bytes]] = []

    @property
    def folder(self) -> Path:
        assert self._folder is not None, "the sound server is not running"
        return self._folder

    @property
    def socket(self) -> str:
        """Address of the server for PULSE_SERVER."""
        return f"unix:{self.folder / 'native'}"

    @property
    def env(self) -> dict[str, str]:
        """The environment for child processes: ours, with this server as their only sound."""
        return os.environ | {
            "PULSE_SERVER": self.socket,
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "HOME": str(self.folder),
            "DBUS_SESSION_BUS_ADDRESS": "",
        }

    @staticmethod
    def source(sink: str) -> str:
        """PulseAudio's name of the source that hears what is played to ``sink``."""
        return f"{sink}.monitor"

    @staticmethod
    def pcm(sink: str) -> str:
        """ALSA's name of the same source: what PortAudio lists as an input device."""
        return f"{sink}_monitor"

    @staticmethod
    def playback_pcm(sink: str) -> str:
        """ALSA's name of ``sink`` itself, for programs that play through ALSA."""
        return f"{sink}_speaker"

    def __enter__(self) -> Self:
        # A short path: the address of a Unix socket has room for some hundred characters only.
        self._folder = Path(tempfile.mkdtemp(prefix="sound-", dir="/tmp"))
        (self._folder / "asound.conf").write_text(self._alsa_config())
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *reason: object) -> None:
        for client in self._clients:
            if client.poll() is None:
                client.kill()
            client.wait()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._folder = None

    def start(self) -> None:
        """Start the daemon and make the sinks; called by ``with``, and after :meth:`stop` to bring the sound back."""
        command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-v"]
        command += ["--realtime=no", "--high-priority=no", "--disable-shm=yes", "--log-target=stderr"]
        command += ["-L", f"module-native-protocol-unix socket={self.folder / 'native'} auth-anonymous=1"]
        self._daemon = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
        )
        assert self._daemon.stderr is not None
        log = _Log(self._daemon.stderr, READY)
        if not log.seen.wait(START_S) or self._daemon.poll() is not None:
            raise RuntimeError("pulseaudio did not start:\n" + "".join(log.lines[-20:]))
        for sink in self.sinks:
            self.add_sink(sink)

    def stop(self) -> None:
        """Kill the daemon, as when the sound system crashes; every device is gone. Harmless when it is not running."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None
        self._modules.clear()
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "native").unlink()

    def add_sink(self, sink: str) -> None:
        """Make a virtual loudspeaker, as when a headset is plugged in."""
        properties = f"sink_properties=device.description={sink}"
        self._modules[sink] = self.pactl(
            "load-module", "module-null-sink", f"sink_name={sink}", f"rate={self.rate_hz}", properties
        ).strip()

    def remove_sink(self, sink: str) -> None:
        """Take it away, as when a headset is pulled."""
        self.pactl("unload-module", self._modules.pop(sink))

    def pactl(self, *arguments: str) -> str:
        """Run ``pactl`` and return what it prints."""
        done = subprocess.run(
            ["pactl", *arguments], env=self.env, capture_output=True, text=True, check=False, timeout=START_S
        )
        if done.returncode:
            raise RuntimeError(f"pactl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def play(self, path: Path, sink: str) -> subprocess.Popen[bytes]:
        """Start to play a sound file to ``sink`` and return at once; ``.wait()`` ends when it has been played."""
        client = subprocess.Popen(["paplay", f"--device={sink}", str(path)], env=self.env)
        self._clients.append(client)
        return client

    def _alsa_config(self) -> str:
        """Only our own PCMs, so that nothing else is listed; PortAudio asserts that there is a default."""
        entries = [f'{kind}.default {{ type pulse server "{self.socket}" }}' for kind in ("pcm", "ctl")]
        for sink in self.sinks:
            for name, device in ((self.pcm(sink), self.source(sink)), (self.playback_pcm(sink), sink)):
                entries.append(
                    f'pcm.{name} {{ type pulse server "{self.socket}" device "{device}" fallback "" '
                    f'hint {{ show on description "{name}" }} }}'
                )
        return "\n".join(entries) + "\n"


class _Log:
    """Reads the daemon's log to its end, so that it never blocks on a full pipe; ``seen`` is set at a line."""

    def __init__(self, stream: IO[str], wanted: str) -> None:
        self.lines: list[str] = []
        self.seen = threading.Event()
        self._stream = stream
        self._wanted = wanted
        threading.Thread(target=self._read, name="sound-server-log", daemon=True).start()

    def _read(self) -> None:
        with self._stream:
            for line in self._stream:
                self.lines.append(line)
                del self.lines[:-200]
                if self._wanted in line:
                    self.seen.set()
        self.seen.set()  # it ended; whoever waits looks at the process
