"""The understanding of a call, kept from harming it: a fault costs a meaning, and never the call or its words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from callcore.errors import unexpected
from callcore.types import (
    AudioWarning,
    CallEnded,
    DecodeRequest,
    Event,
    Final,
    Output,
    Partial,
    Samples,
    Turn,
    WarningKind,
)
from callcore.understand.call import CallUnderstanding
from callcore.understand.dynamics import DynamicsSnapshot


class Understood:
    """What the pipeline tells the understanding, and what follows from it; nothing where only the words are wanted."""

    def __init__(self, understanding: CallUnderstanding | None) -> None:
        """``understanding``: of this very call."""
        self._understanding = understanding
        self._waiting: list[Event] = []  #: follows from the sound; goes out with the next events
        self._failed: set[str] = set()  #: steps whose fault was told

    def opened(self, channel: int, start_sample: int) -> None:
        """Somebody begins to speak."""
        if understanding := self._understanding:
            self._attempt("opened", lambda: understanding.opened(channel, start_sample), start_sample)

    def sounded(self, channel: int, start_sample: int, audio: Samples) -> None:
        """The next audio of a channel, shape (n,), float32, 16 kHz."""
        if understanding := self._understanding:
            self._attempt("sounded", lambda: understanding.sounded(channel, start_sample, audio), start_sample)

    def closed(self, segment_id: str, channel: int, start_sample: int, audio: Samples) -> None:
        """A segment has ended: ``audio``, shape (n,), float32, 16 kHz, from ``start_sample`` on."""
        if understanding := self._understanding:
            self._attempt(
                "closed", lambda: understanding.closed(segment_id, channel, start_sample, audio), start_sample
            )

    def advance(self, position: int) -> list[Event]:
        """No segment that is yet to be opened begins before ``position``; all audio up to it was handed in."""
        if understanding := self._understanding:
            self._attempt("advance", lambda: understanding.advance(position), position)
        return self._taken()

    def follow(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs, each event followed by what is understood of it; the end of the call stays last."""
        if self._understanding is None:
            return [*outputs]
        told: list[Output] = [*self._taken()]
        for output in outputs:
            if isinstance(output, CallEnded):
                told += self._finish(output.sample_count, self._understanding)
            told.append(output)
            if not isinstance(output, DecodeRequest | CallEnded):
                told += self._meaning(output, self._understanding)
        return told

    def dynamics(self, position: int) -> DynamicsSnapshot | None:
        """The course of the conversation up to ``position``; None where only the words are wanted, or after a fault."""
        if self._understanding is None:
            return None
        try:
            return self._understanding.dynamics(position)
        except Exception as error:
            self._note("dynamics", error, position)
            return None

    def _finish(self, sample_count: int, understanding: CallUnderstanding) -> list[Event]:
        self._attempt("finish", lambda: understanding.finish(sample_count), sample_count)
        return self._taken()

    def _meaning(self, event: Event, understanding: CallUnderstanding) -> list[Event]:
        """What follows from an event. A turn's fault is told each time, and a preview's never: its turn follows."""
        try:
            return understanding.take(event)
        except Exception as error:
            if isinstance(event, Turn):
                _log("turn", error)
                return [_warning(error, event.start_sample, event.channel)]
            self._note(type(event).__name__, error, 0, told=not isinstance(event, Partial | Final))
            return self._taken()

    def _attempt(self, step: str, action: Callable[[], list[Event] | None], at_sample: int) -> None:
        try:
            self._waiting += action() or ()
        except Exception as error:
            self._note(step, error, at_sample)

    def _note(self, step: str, error: Exception, at_sample: int, *, told: bool = True) -> None:
        """A step that fails may fail with every frame: it is logged and told once."""
        if step not in self._failed:
            self._failed.add(step)
            _log(step, error)
            if told:
                self._waiting.append(_warning(error, at_sample))

    def _taken(self) -> list[Event]:
        events, self._waiting = self._waiting, []
        return events


def _warning(error: Exception, at_sample: int, channel: int | None = None) -> AudioWarning:
    message = f"what was said could not be understood ({type(error).__name__}); its words are kept."
    return AudioWarning(WarningKind.NOT_UNDERSTOOD, message, channel, at_sample)


def _log(step: str, error: Exception) -> None:
    """Where it arose, without the exception's text, which might quote what was said."""
    logging.getLogger(__name__).error("understanding, %s: %s", step, unexpected(error).message)
