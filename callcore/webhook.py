"""Work orders handed to the bank's system over HTTP, as Standard Webhooks has it (specification 1.0.0).

What waits in the outbox is sent in order, signed, under an id that stays the same however often it is sent. What is not
taken is tried again after growing times; nothing is ever given up in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from callcore import __version__
from callcore.config import WebhookSettings
from callcore.errors import ConfigError
from callcore.store.outbox import Message, Outbox

# Standard Webhooks, "Retry schedule"; after the last one, once a day.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
CLAIM_MARGIN = timedelta(seconds=30)  # beyond the longest answer, in which the answer is noted down


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message. ``problem`` "" when it was taken."""

    message: Message
    problem: str
    next_at: datetime | None = None


class Sender:
    """Sends what waits. A context manager."""

    def __init__(self, settings: WebhookSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """``clock``: the time, with its zone. Raises :class:`ConfigError` for settings that cannot be used."""
        if not settings.url:
            raise ConfigError("no address is set to send work orders to.", "Set [webhook] url: see docs/webhook.md.")
        self._url = settings.url
        self._clock = clock
        self._claim = timedelta(seconds=2 * settings.timeout_s) + CLAIM_MARGIN
        try:
            self._signer = Webhook(settings.secret.get_secret_value()) if settings.secret else None
        except (EmptyWebhookSecretError, ValueError) as error:
            raise ConfigError(
                "setting webhook.secret is not base64.", "Make one with: openssl rand -base64 32"
            ) from error
        self._client = httpx2.Client(timeout=settings.timeout_s, follow_redirects=False)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send_all(self, outbox: Outbox) -> list[Delivery]:
        """Send every message that is due, each once. Raises :class:`StoreError` and its kinds."""
        done: list[Delivery] = []
        while True:
            now = self._clock()
            message = outbox.claim(now, now + self._claim)
            if message is None:
                return done
            done.append(self._deliver(message, outbox))

    def _deliver(self, message: Message, outbox: Outbox) -> Delivery:
        problem = self._post(message)
        now = self._clock()
        if not problem:
            outbox.delivered(message, now)
            return Delivery(message, "")
        next_at = now + WAITS[min(message.attempts, len(WAITS) - 1)]
        outbox.failed(message, problem, next_at)
        return Delivery(message, problem, next_at)

    def _post(self, message: Message) -> str:
        """Send it once; what went wrong, or ""."""
        body = json.dumps(
            {"type": message.kind, "timestamp": message.created_at, "data": message.body}, ensure_ascii=False
        )
        now = self._clock().astimezone(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"callcore/{__version__}",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._signer:
            headers["webhook-signature"] = self._signer.sign(message.message_id, now, body)
        try:
            response = self._client.post(self._url, content=body.encode(), headers=headers)
        except httpx2.TimeoutException:
            return "no answer in time"
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return f"not reached ({type(error).__name__})"
        return "" if response.is_success else f"refused (HTTP {response.status_code})"
