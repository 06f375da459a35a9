"""What callcore asks of a recogniser. A new one is a new file beside this one that answers to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcore.types import DecodeRequest, DecodeResult


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the rest of callcore may know of a loaded recogniser."""

    model: str
    languages: frozenset[str]  #: language codes it writes
    max_audio_s: float  #: longest audio of one request
    workers: int  #: decodes that run at the same time
    device: str
    compute_type: str


class Recogniser(Protocol):
    """A recogniser that answers requests window by window. Methods may be called from several threads."""

    @property
    def info(self) -> EngineInfo: ...

    def batch_key(self, request: DecodeRequest) -> tuple[object, ...]:
        """Requests of equal key may be decoded together; batching never changes an answer."""
        ...

    def batch_limit(self, request: DecodeRequest) -> int:
        """Most requests of this one's ``batch_key`` worth giving to one decode: speed and memory set it."""
        ...

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodeResult]:
        """Answers in the order of the requests, all of one ``batch_key``. Raises :class:`EngineError`."""
        ...

    def close(self) -> None:
        """Free the weights."""
        ...
