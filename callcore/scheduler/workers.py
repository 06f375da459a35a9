"""Worker threads of the scheduler."""

from __future__ import annotations

from concurrent.futures import Future

from callcore.config import LiveSettings
from callcore.drivers import DecodePool
from callcore.engines.base import Recogniser
from callcore.scheduler.base import Answered
from callcore.types import DecodeFailure, DecodeRequest, DecodeResult


class Scheduler:
    """Decodes in the order of asking."""

    def __init__(self, final: Recogniser, partial: Recogniser | None, settings: LiveSettings) -> None:
        self._pool = DecodePool(final)

    def admit(self, call_id: str) -> None:
        """Take on a call."""

    def submit(self, call_id: str, request: DecodeRequest, answered: Answered) -> None:
        """Queue a request."""

        def done(future: Future[DecodeResult]) -> None:
            error = future.exception()
            answered(DecodeFailure(request, str(error)) if error else future.result())

        self._pool.submit([request])[0].add_done_callback(done)

    def release(self, call_id: str) -> None:
        """Forget a call."""

    def close(self) -> None:
        """Stop."""
        self._pool.close()
