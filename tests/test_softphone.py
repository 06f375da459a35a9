"""The proof beside a real softphone: two phones hold a call over SIP, callcore listens to the agent's microphone and to
what the agent's phone plays, and writes down who said what.

```
 recorded agent ──► agent_voice ──monitor──► agent's phone ──RTP──► customer's phone ──► customer_headset
                          └───────────────► callcore --agent
 recorded customer ─► customer_voice ─monitor─► customer's phone ──RTP──► agent's phone ──► agent_headset
                                                                           callcore --customer ◄──monitor──┘
```
"""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import softphone
import sound_server
from live_process import LiveProcess
from softphone import Softphone
from sound_server import SoundServer

from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.store import Store
from callcore.types import CallEnded, CallStarted, Final, Partial, Role

SINKS = ("agent_voice", "agent_headset", "customer_voice", "customer_headset")
AGENT, CUSTOMER = "agent_voice_monitor", "agent_headset_monitor"  #: what callcore listens to

LONG_S = (0.0, 25.7)  #: three turns of each party
SHORT_S = (12.2, 17.8)  #: one turn of each


@dataclass(frozen=True)
class Desk:
    """Two phones on one sound server."""

    server: SoundServer
    agent: Softphone
    customer: Softphone

    def say(self, voices: tuple[Path, Path]) -> None:
        """Both parties speak into their microphones; returns when they have said all."""
        players = [self.server.play(path, sink) for path, sink in zip(voices, SINKS[::2], strict=True)]
        for player in players:
            assert player.wait(120) == 0


@pytest.fixture
def desk() -> Iterator[Desk]:
    sound_server.require()
    softphone.require()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(SoundServer(SINKS))
        agent = Softphone(server, "agent", server.source("agent_voice"), "agent_headset", answers=True)
        customer = Softphone(server, "customer", server.source("customer_voice"), "customer_headset")
        yield Desk(server, stack.enter_context(agent), stack.enter_context(customer))


def halves(call: Path, span_s: tuple[float, float], folder: Path) -> tuple[Path, Path]:
    """The agent's and the customer's part of a span of a recorded call, a file each."""
    paths = (folder / "agent.wav", folder / "customer.wav")
    with wave.open(str(call)) as source:
        rate_hz = source.getframerate()
        source.setpos(round(span_s[0] * rate_hz))
        data = source.readframes(round((span_s[1] - span_s[0]) * rate_hz))
    both = np.frombuffer(data, np.int16).reshape(-1, 2)
    for channel, path in enumerate(paths):
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, rate_hz, 0, "NONE", "not compressed"))
            out.writeframes(both[:, channel].tobytes())
    return paths


def said(reference: dict, span_s: tuple[float, float]) -> dict[int, str]:
    """Channel to the reference's text within the span."""
    turns = [turn for turn in reference["turns"] if span_s[0] <= turn["start"] and turn["end"] <= span_s[1]]
    return {channel: "".join(turn["text"] for turn in turns if turn["channel"] == channel) for channel in (0, 1)}


def assert_heard(texts: dict[int, str], wanted: dict[int, str], limit: float) -> None:
    """The right words on the right channel."""
    for channel, other in ((0, 1), (1, 0)):
        assert compare(wanted[channel], texts[channel], MANDARIN).rate <= limit, texts
        assert compare(wanted[other], texts[channel], MANDARIN).rate > 0.7, "the other party's words are heard as well"


def environment(desk: Desk, tmp_path: Path) -> dict[str, str]:
    own = {"CALLCORE_STORE__DB": str(tmp_path / "calls.db"), "CALLCORE_MODELS__FOLDER": str(tmp_path / "models")}
    # All words are compared, the customer's name and numbers too.
    return {**desk.server.env, **own, "CALLCORE_PRIVACY__REDACT": "false"}


def stored(db: Path):
    """The only call of a database, which is a sound one."""
    with Store.open(db, read_only=True) as store:
        (call,) = store.list_calls()
        assert store.check() == []
        return call, store.record(call.call_id)


def test_a_call_of_two_softphones_from_first_word_to_hang_up(desk, tmp_path, fixture_call, fixture_call_reference):
    voices = halves(fixture_call, LONG_S, tmp_path)
    arguments = ("--agent", AGENT, "--customer", CUSTOMER, "--hang-up-after", 4)
    with LiveProcess(*arguments, environment=environment(desk, tmp_path)) as live:
        desk.customer.dial(desk.agent)
        live.wait_for(CallStarted)
        desk.say(voices)
        desk.customer.hang_up(desk.agent)
        live.wait_for(CallEnded)  # nobody told callcore: it hears that nobody speaks any more
        assert live.exit_code() == 0, live.errors

    finals = live.of(Final)
    wanted = said(fixture_call_reference, LONG_S)
    assert_heard({c: "".join(f.text for f in finals if f.channel == c) for c in (0, 1)}, wanted, limit=0.15)
    assert {partial.channel for partial in live.of(Partial)} == {0, 1}, "no text while somebody spoke"
    assert "三二七五" in "".join(final.text for final in finals if final.channel == 0)

    call, record = stored(tmp_path / "calls.db")
    assert call.status == "done"
    assert record.complete
    assert record.roles.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    assert_heard({c: "".join(t.text for t in record.turns if t.channel == c) for c in (0, 1)}, wanted, limit=0.15)
    speakers = [turn.channel for turn in sorted(record.turns, key=lambda turn: turn.start_sample)]
    assert speakers == [0, 1, 0, 1, 0, 1], "the turns are not in the order in which they were said"


def test_listening_starts_before_the_call_and_is_stopped_when_it_ends(
    desk, tmp_path, fixture_call, fixture_call_reference
):
    voices = halves(fixture_call, SHORT_S, tmp_path)
    with LiveProcess("--agent", AGENT, "--customer", CUSTOMER, environment=environment(desk, tmp_path)) as live:
        live.wait_for(CallStarted)
        desk.customer.dial(desk.agent)
        desk.say(voices)
        desk.agent.hang_up(desk.customer)
        live.stop()  # at once: what was said last must not be lost
        live.exit_code()

    wanted = said(fixture_call_reference, SHORT_S)
    _, record = stored(tmp_path / "calls.db")
    assert record.complete, live.errors
    assert_heard({c: "".join(t.text for t in record.turns if t.channel == c) for c in (0, 1)}, wanted, limit=0.35)
