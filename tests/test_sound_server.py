"""The tests' own sound server: what is played to a sink is heard at its monitor by PortAudio."""

from __future__ import annotations

import subprocess
import sys

from sound_server import SoundServer, require

LISTEN = """
import sys, sounddevice
heard = sounddevice.rec(16_000, samplerate=16_000, channels=1, device=sys.argv[1], dtype="float32", blocking=True)
print(abs(heard).max())
"""


def test_what_is_played_is_heard_at_its_monitor_only(fixture_call):
    require()
    with SoundServer() as server:
        player = server.play(fixture_call, "customer")
        levels = {}
        for sink in server.sinks:
            command = [sys.executable, "-c", LISTEN, server.pcm(sink)]
            levels[sink] = float(subprocess.run(command, env=server.env, capture_output=True, check=True).stdout)
        assert player.poll() is None, "the player still plays"
    assert levels["agent"] == 0.0
    assert levels["customer"] > 0.01
