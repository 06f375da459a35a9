"""Requests without audio worth hearing, and a recogniser whose decodes end when a test says so."""

from __future__ import annotations

import threading

import numpy as np

from callcore.engines.base import EngineInfo
from callcore.scheduler.queue import Ticket
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, DecodeResult, RequestKind

PATIENCE_S = 20.0  #: a test that waits longer has failed
SILENCE = np.zeros(30 * SAMPLE_RATE_HZ, np.float32)

PARTIAL, SPECULATIVE, FINAL, LANGUAGE = (
    RequestKind.PARTIAL,
    RequestKind.SPECULATIVE,
    RequestKind.FINAL,
    RequestKind.LANGUAGE,
)


def request(kind, segment="s1", *, channel=0, start_s=0.0, end_s=1.0, first=False, **options):
    start, end = round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
    return DecodeRequest(segment, kind, channel, start, SILENCE[: end - start], "zh", first=first, **options)


def ticket(kind, segment="s1", *, call="c1", key=(), limit=1, **options):
    return Ticket(call, request(kind, segment, **options), batch_key=key, batch_limit=limit)


class GatedEngine:
    """Answers nothing while its gate is closed; fails, or dies, at the segments it is told to."""

    def __init__(self, workers=1, *, device="cpu", batch_limit=1, opened=True):
        self.info = EngineInfo("gated", frozenset({"zh"}), 20.0, workers, device, "none")
        self.gate = threading.Event()
        if opened:
            self.gate.set()
        self.limit = batch_limit
        self.faults = {}  #: segment -> exception
        self.decoded = []  #: batches of (segment, kind), in the order in which they began
        self._begun = threading.Condition()

    def batch_key(self, wanted):
        return (wanted.kind,)

    def batch_limit(self, wanted):
        return self.limit

    def decode(self, requests):
        with self._begun:
            self.decoded.append([(wanted.segment_id, wanted.kind) for wanted in requests])
            self._begun.notify_all()
        assert self.gate.wait(PATIENCE_S)
        for wanted in requests:
            if wanted.segment_id in self.faults:
                raise self.faults[wanted.segment_id]
        return [
            DecodeResult(
                wanted.segment_id,
                wanted.kind,
                wanted.channel,
                start_sample=wanted.start_sample,
                end_sample=wanted.end_sample,
            )
            for wanted in requests
        ]

    def close(self):
        """Nothing to free."""

    def wait_begun(self, count):
        """Until so many batches have begun."""
        with self._begun:
            assert self._begun.wait_for(lambda: len(self.decoded) >= count, PATIENCE_S), self.decoded


class Answers:
    """What came back, and from which request."""

    def __init__(self):
        self.got = []
        self._came = threading.Condition()

    def __call__(self, outcome):
        with self._came:
            self.got.append(outcome)
            self._came.notify_all()

    def wait(self, count):
        with self._came:
            assert self._came.wait_for(lambda: len(self.got) >= count, PATIENCE_S), self.got
            return list(self.got)


class HandClock:
    """A clock that a test moves."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s
