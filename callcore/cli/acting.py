"""Who acts: the user of the machine, now."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcore.store.desk import Actor


def acting(reason: str = "") -> Actor:
    """The user who runs the command, for the audit trail. ``reason``: as typed."""
    from callcore.store.desk import Actor

    return Actor(getpass.getuser(), datetime.now(UTC), reason=reason)
