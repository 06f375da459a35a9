"""A real softphone (baresip) on a sound server of a test's own, steered through its control socket.

Each phone has its own configuration, SIP port and control port on the loopback interface, takes its voice from one
source of the sound server and plays the other party to one sink. No registrar: phones call each other's address.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest
from sound_server import SoundServer

MODULES = ("account.so", "ctrl_tcp.so", "g711.so", "menu.so", "pulse.so")
FOLDERS = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")
PATIENCE_S = 30.0  #: for what takes well under a second on an idle machine
STARTS = 3  #: another program may take a port between our look and the phone's start

CONFIG = """\
poll_method epoll
net_interface 127.0.0.1
sip_listen 127.0.0.1:{sip_port}
ctrl_tcp_listen 127.0.0.1:{control_port}
rtp_ports 20000-40000
call_local_timeout 60
call_max_calls 1
audio_source pulse,{microphone}
audio_player pulse,{speaker}
audio_alert pulse,{speaker}
ringback_disabled yes
statmode_default off
jitter_buffer_delay 5-10
module_path {modules}
module g711.so
module pulse.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""


def missing() -> str:
    """What a test with softphones lacks on this machine, or an empty string."""
    if shutil.which("baresip") is None:
        return "baresip is not installed (apt install baresip-core)"
    if _modules() is None:
        return "baresip's modules (pulse, g711, ctrl_tcp) are not installed (apt install baresip-core)"
    return ""


def require() -> None:
    """Skip the test, with the reason, where :func:`missing` finds something."""
    if reason := missing():
        pytest.skip(reason)


def _modules() -> Path | None:
    for folder in map(Path, FOLDERS):
        if all((folder / name).is_file() for name in MODULES):
            return folder
    return None


class Softphone:
    """A running phone, while the context lasts. ``microphone``: a source, ``speaker``: a sink of the server."""

    def __init__(self, server: SoundServer, name: str, microphone: str, speaker: str, *, answers: bool = False) -> None:
        """``answers``: it picks up by itself."""
        self.name = name
        self.events: list[dict[str, Any]] = []
        self._server = server
        self._folder = server.folder / f"phone-{name}"
        self._microphone, self._speaker = microphone, speaker
        self._answers = answers
        self._sip_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._changed = threading.Condition()

    @property
    def address(self) -> str:
        """What the other phone dials."""
        return f"sip:{self.name}@127.0.0.1:{self._sip_port}"

    def __enter__(self) -> Self:
        try:
            for attempt in range(1, STARTS + 1):
                if self._start():
                    break
                assert attempt < STARTS, f"{self.name}: baresip does not start:\n{self.log()}"
            threading.Thread(target=self._read, name=f"phone-{self.name}", daemon=True).start()
            self.command("reginfo")  # answered by its main loop: it is ready to be called
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *reason: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._control is not None:
            self._control.close()

    def dial(self, other: Softphone) -> None:
        """Call the other phone, and return when both hear each other."""
        self.command("dial", other.address)
        for phone in (self, other):
            phone.wait_for("CALL_ESTABLISHED")
        for phone in (self, other):
            phone.wait_for("CALL_RTPESTAB")  # its first packet of the other's sound

    def hang_up(self, other: Softphone) -> None:
        """End the call, and return when both know."""
        self.command("hangup")
        for phone in (self, other):
            phone.wait_for("CALL_CLOSED")

    def command(self, name: str, parameters: str = "") -> None:
        """Have a command of baresip's menu carried out, and wait for its answer."""
        token = f"{name}-{len(self.events)}"
        message = json.dumps({"command": name, "params": parameters, "token": token}).encode()
        assert self._control is not None, "the phone is not running"
        self._control.sendall(b"%d:%s," % (len(message), message))  # a netstring
        answer = self._wait(lambda event: event.get("token") == token, f"answer to {name}")
        assert answer["ok"], f"{self.name}: {name} was refused: {answer.get('data')}"

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The first event of that kind, once it has come."""
        return self._wait(lambda event: event.get("type") == kind, kind)

    def log(self) -> str:
        """What the phone has printed."""
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / "log").read_text(errors="replace")[-4000:]
        return ""

    def _wait(self, wanted: Any, what: str) -> dict[str, Any]:
        with self._changed:
            arrived = self._changed.wait_for(lambda: any(map(wanted, self.events)), PATIENCE_S)
            kinds = [event.get("type", "answer") for event in self.events]
            assert arrived, f"{self.name}: no {what} among {kinds}:\n{self.log()}"
            return next(filter(wanted, self.events))

    def _start(self) -> bool:
        self._sip_port, control_port = _free_port(), _free_port()
        self._folder.mkdir(exist_ok=True)
        settings = {"sip_port": self._sip_port, "control_port": control_port, "modules": _modules()}
        config = CONFIG.format(**settings, microphone=self._microphone, speaker=self._speaker)
        answering = "auto" if self._answers else "manual"
        account = f"<{self.address}>;regint=0;answermode={answering};audio_codecs=PCMU,PCMA\n"
        (self._folder / "config").write_text(config)
        (self._folder / "accounts").write_text(account)
        (self._folder / "contacts").write_text("")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["baresip", "-4", "-f", str(self._folder)],
                env={name: value for name, value in self._server.env.items() if name != "DISPLAY"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(ConnectionRefusedError):
                self._control = socket.create_connection(("127.0.0.1", control_port), PATIENCE_S)
                self._control.settimeout(None)
                return True
            time.sleep(0.02)  # until it listens
        self._process.kill()
        self._process.wait()
        return False

    def _read(self) -> None:
        assert self._control is not None
        with contextlib.suppress(OSError, ValueError), self._control.makefile("rb") as stream:
            while length := b"".join(iter(lambda: stream.read(1).rstrip(b":"), b"")):
                event = json.loads(stream.read(int(length)))
                stream.read(1)  # the netstring's comma
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()


def _free_port() -> int:
    """A port that is free for both UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return int(tcp.getsockname()[1])
