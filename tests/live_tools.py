"""Live calls in simulated time: every answer comes a stated delay after its request."""

from __future__ import annotations

import heapq
from itertools import count

from pipeline_tools import HAN, SETTINGS, frames_of, make

from callcore.engines.scripted import ScriptedEngine
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, RequestKind

SLOT = SAMPLE_RATE_HZ // 4  #: a character is spoken every quarter of a second


def spoken(request):
    """The characters whose quarter second lies within the audio: the same words however the window lies."""
    first = -(-request.start_sample // SLOT)
    return "".join(HAN[slot % len(HAN)] for slot in range(first, request.end_sample // SLOT))


def live_settings(**values):
    return SETTINGS.model_copy(update={"live": SETTINGS.live.model_copy(update=values)})


def immediately(request):
    return 0


def follow_live(channels, *, answer=spoken, delay=immediately, engine=None, settings=SETTINGS, stop_at=None, **options):
    """All (sample at which it was known, event) of a live call and the requests it made.

    ``delay``: samples between a request and its answer; None = never answered (a FINAL must be).
    """
    engine = engine or ScriptedEngine(answer)
    pipeline = make(tuple(channels), settings=settings, languages=engine.info.languages, live=True, **options)
    stamped, answers, number = [], [], count()
    requests = []

    def take(outputs, now):
        for output in outputs:
            if not isinstance(output, DecodeRequest):
                stamped.append((now, output))
                continue
            requests.append((now, output))
            wait = delay(output)
            if wait is not None:
                heapq.heappush(answers, (now + wait, next(number), engine.decode([output])[0]))
            else:
                assert output.kind in (RequestKind.PARTIAL, RequestKind.SPECULATIVE)

    def answer_until(now):
        while answers and (now is None or answers[0][0] <= now):
            at, _, result = heapq.heappop(answers)
            take(pipeline.deliver(result), at)

    take(pipeline.start(), 0)
    now = 0
    for frame in frames_of(channels):
        if stop_at is not None and frame.start_sample >= stop_at:
            break
        now = frame.end_sample
        answer_until(now)
        take(pipeline.push(frame), now)
    take(pipeline.finish(), now)
    answer_until(None)
    assert pipeline.done
    return stamped, requests
