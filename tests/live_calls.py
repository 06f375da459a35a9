"""Live calls followed to their end in the test's own process: real audio and voice scorer, a scripted recogniser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

from pipeline_tools import say

from callcore.assembly import CallFacts
from callcore.audio import open_audio, probe_layout
from callcore.config import AudioSettings, Settings, load_settings
from callcore.engines.scripted import ScriptedEngine
from callcore.live.buffer import TickBuffer
from callcore.live.call import LiveCall
from callcore.live.replay import Replay
from callcore.live.station import LiveStation
from callcore.loading import LoadedModel
from callcore.types import AudioFrame, DecodeRequest, Event, RequestKind, Role, Tick

BOTH = {0: Role.AGENT, 1: Role.CUSTOMER}
PATIENCE_S = 60.0
TRIAL = "calibration"  #: segment of the decodes that the scheduler measures before the first call


class BrokenEngine(ScriptedEngine):
    """Raises for the requests that ``breaks`` says yes to."""

    def __init__(self, breaks: Callable[[DecodeRequest], BaseException | None]) -> None:
        super().__init__(say)
        self._breaks = breaks

    def decode(self, requests):
        for request in requests:
            error = None if request.segment_id == TRIAL else self._breaks(request)
            if error:
                raise error
        return super().decode(requests)


class SlowEngine(ScriptedEngine):
    """Takes ``factor`` times as long as the audio of a final, on the clock of a replay at ``speed``."""

    def __init__(self, factor: float, speed: float) -> None:
        super().__init__(say)
        self._factor, self._speed = factor, speed
        self._awake = threading.Event()

    def decode(self, requests):
        if all(request.kind is not RequestKind.PARTIAL and request.segment_id != TRIAL for request in requests):
            length_s = sum(len(request.audio) for request in requests) / 16_000
            self._awake.wait(self._factor * length_s / self._speed)
        return super().decode(requests)


def settings(**live: object) -> Settings:
    return load_settings(overrides={"recognise": {"language": "zh"}, "live": live})


def station(engine: ScriptedEngine | None = None, **live: object) -> LiveStation:
    """To be used as a context."""
    return LiveStation(settings(**live), LoadedModel("scripted", "m" * 64, engine or ScriptedEngine(say)))


def ticks_of(path: Path, change: Callable[[AudioFrame], AudioFrame | None] = lambda frame: frame) -> Iterator[Tick]:
    """A recording in 20 ms ticks; ``change`` may alter a frame, or drop it."""
    with open_audio(path) as source:
        layout, blocks = probe_layout(source, AudioSettings(agent_channel=0, customer_channel=1))
        tick: list[AudioFrame] = []
        for frame in layout.frames(blocks, 320):
            if tick and frame.channel == tick[0].channel:
                yield [kept for kept in map(change, tick) if kept]
                tick = []
            tick.append(frame)
        yield [kept for kept in map(change, tick) if kept]


def call_of(station: LiveStation, sink: Callable[[Event], None], call_id: str = "c1", **facts) -> LiveCall:
    known = {"channels": (0, 1), "channel_count": 2, "rate_hz": 8000, "roles": BOTH, **facts}
    return station.call(CallFacts(call_id, "devices", **known), sink)


def follow(call: LiveCall, ticks: Iterable[Tick]) -> None:
    """Give the call its audio as fast as it takes it. Raises what the call raises."""

    async def paced() -> AsyncIterator[Tick]:
        for tick in ticks:
            yield tick
            await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.wait_for(call.run(paced()), PATIENCE_S)

    asyncio.run(run())


def replay(
    station: LiveStation,
    path: Path,
    sink: Callable[[Event], None],
    *,
    speed: float = 20.0,
    meanwhile: Callable[[LiveCall], None] = lambda call: None,
) -> Replay:
    """Play a file to a new call as if it were spoken now; ``meanwhile`` is called now and then. Returns the replay."""
    buffer = TickBuffer(station.settings.live.buffer_s)
    audio = station.settings.audio.model_copy(update={"agent_channel": 0, "customer_channel": 1})
    with Replay(path, audio, buffer.put, ended=buffer.close, speed=speed) as player:
        layout = player.layout
        facts = CallFacts("c1", "devices", layout.channels, player.channel_count, 8000, layout.roles)
        call = station.call(facts, sink, backlog_s=lambda: buffer.waiting_s)

        async def run() -> None:
            following = asyncio.create_task(call.run(buffer))
            player.start()
            while not following.done():
                meanwhile(call)
                await asyncio.wait([following], timeout=0.05)
            await following

        asyncio.run(run())
    return player
