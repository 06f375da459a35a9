"""Calls made of noise bursts, scored by loudness and read by a scripted engine: no weights, no files."""

from __future__ import annotations

from datetime import date

import numpy as np

from callcore.config import Settings
from callcore.drivers import run_inline
from callcore.engines.scripted import ScriptedEngine
from callcore.pipeline import CallPipeline, CallPlan
from callcore.roles import RoleCues
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, CallStarted, Role, seconds

SETTINGS = Settings().model_copy(
    update={"segment": Settings().segment.model_copy(update={"gate": False, "min_mean_probability": 0.0})}
)
CUES = RoleCues.load()
HAN = "您好请问有什么可以帮我的信用卡怎么办今天天气不错银行客服中心为了保证质量电话录音"


class LevelScorer:
    """Takes loud windows for speech; every channel has a state of its own, which is empty."""

    def stream(self):
        return self

    def score(self, windows):
        return np.where(np.abs(windows).max(axis=1) > 0.01, 0.95, 0.02).astype(np.float32)

    def skip(self, windows):
        """Nothing to remember."""


def call_audio(length_s, *spans_s):
    """One channel: noise within the spans (start_s, end_s), silence elsewhere."""
    audio = np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)
    random = np.random.default_rng(7)
    for start_s, end_s in spans_s:
        start, end = round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
        audio[start:end] = random.uniform(0.1, 0.3, end - start)
    return audio


def say(request):
    """Four characters a second, chosen by where the audio begins."""
    count = max(1, round(4 * len(request.audio) / SAMPLE_RATE_HZ))
    offset = request.start_sample % 17
    return "".join(HAN[(offset + index) % len(HAN)] for index in range(count))


def plan(channels, *, roles=None, languages=frozenset({"zh"}), max_audio_s=20.0, live=False, better=""):
    started = CallStarted("c1", "call.wav", len(channels), 8000, "scripted", "m", "s")
    return CallPlan(started, tuple(channels), roles, languages, max_audio_s, better, live)


def make(channels, *, settings=SETTINGS, understander=None, followers=(), **options):
    understanding = understander.call(channels, date(2026, 11, 22), settings.segment) if understander else None
    return CallPipeline(plan(channels, **options), settings, LevelScorer(), CUES, understanding, followers)


def frames_of(channels, frame_samples=320):
    """Frames of equal length, channels in turn."""
    length = max(len(audio) for audio in channels.values())
    for start in range(0, length, frame_samples):
        for number, audio in channels.items():
            if start < len(audio):
                yield AudioFrame(number, start, audio[start : start + frame_samples])


def follow(channels, *, engine=None, frames=None, warnings=tuple, settings=SETTINGS, **options):
    """All events of a call, decoded inline."""
    engine = engine or ScriptedEngine(say)
    pipeline = make(tuple(channels), settings=settings, languages=engine.info.languages, **options)
    events = list(run_inline(pipeline, frames or frames_of(channels), engine, warnings))
    assert pipeline.done
    return events


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def spans_s(turns):
    return [(turn.channel, seconds(turn.start_sample), seconds(turn.end_sample)) for turn in turns]


BOTH = {0: Role.AGENT, 1: Role.CUSTOMER}
