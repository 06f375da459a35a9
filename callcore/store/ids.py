"""Names of calls."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime


def new_call_id(now: datetime, content_sha256: str, salt: str = "") -> str:
    """A call id such as ``20260704-120000123-3fa9c1``: date and time (UTC, milliseconds), then six hex digits.

    Ids sort by time. The digits come from the content's hash; ``salt`` (model and settings hash) keeps apart two runs
    over one content in the same millisecond. ``now`` must carry a time zone.
    """
    moment = now.astimezone(UTC)
    tail = content_sha256[:6] if not salt else hashlib.sha256(f"{content_sha256}{salt}".encode()).hexdigest()[:6]
    return f"{moment:%Y%m%d-%H%M%S}{moment.microsecond // 1000:03d}-{tail}"


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: as text it sorts by time. Raises ``ValueError`` without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("times in the database need a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
