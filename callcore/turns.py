"""Segments to turns: what one speaker says until the other takes over or a silence falls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callcore.config import TurnSettings
from callcore.types import SAMPLE_RATE_HZ, Final, Turn, Word

Join = Callable[[Sequence[Sequence[Word]]], tuple[str, tuple[Word, ...]]]
RECENT_S = 60  #: how long finals are remembered as possible interjections


class TurnAssembler:
    """Joins finals of a channel into turns. Finals come in the order in which their segments closed.

    Turns of different channels may overlap in time and stay so.
    """

    def __init__(self, settings: TurnSettings, join: Join) -> None:
        """``join`` writes the words of several segments as one text."""
        self._join = join
        self._max_gap = round(settings.max_gap_s * SAMPLE_RATE_HZ)
        self._max_backchannel = round(settings.max_backchannel_s * SAMPLE_RATE_HZ)
        self._open: dict[int, list[Final]] = {}
        self._recent: list[Final] = []
        self._count = 0

    def push(self, final: Final) -> list[Turn]:
        """Take the next final; returns the turn it ended, if any."""
        run = self._open.setdefault(final.channel, [])
        ended: list[Turn] = []
        if run and not self._continues(run[-1], final):
            ended.append(self._turn(run))
            run.clear()
        run.append(final)
        self._remember(final)
        return ended

    def close(self, channel: int) -> list[Turn]:
        """Nothing more can join the channel's open turn: it fell silent for too long. Returns the turn, if any."""
        run = self._open.pop(channel, [])
        return [self._turn(run)] if run else []

    def finish(self) -> list[Turn]:
        """Turns still open, in order of their start."""
        runs = sorted(
            (run for run in self._open.values() if run), key=lambda run: (run[0].start_sample, run[0].channel)
        )
        turns = [self._turn(run) for run in runs]
        self._open.clear()
        return turns

    def _continues(self, previous: Final, final: Final) -> bool:
        if final.start_sample - previous.end_sample > self._max_gap or previous.language != final.language:
            return False
        return not any(
            other.channel != final.channel
            and other.start_sample >= previous.end_sample
            and other.end_sample <= final.start_sample
            and other.end_sample - other.start_sample > self._max_backchannel
            for other in self._recent
        )

    def _remember(self, final: Final) -> None:
        horizon = final.end_sample - self._max_gap - RECENT_S * SAMPLE_RATE_HZ
        self._recent = [item for item in self._recent if item.end_sample > horizon]
        self._recent.append(final)

    def _turn(self, run: list[Final]) -> Turn:
        self._count += 1
        text, words = self._join([final.words for final in run])
        return Turn(
            turn_id=self._count,
            channel=run[0].channel,
            start_sample=run[0].start_sample,
            end_sample=run[-1].end_sample,
            text=text,
            words=words,
            language=run[0].language,
            segment_ids=tuple(final.segment_id for final in run),
        )
