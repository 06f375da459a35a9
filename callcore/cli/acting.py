"""Who acts: the user of the machine, now."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcore.store.desk import Actor


def acting(reason: str = "") -> Actor:
    """The user who runs the command, for the audit trail. ``reason``: as typed."""
    from callcore.store.desk import Actor

    return Actor(_user(), datetime.now(UTC), reason=reason)


def _user() -> str:
    """Name of the user; the number of one whom this machine does not know by name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # OSError from Python 3.13 on, the others before
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
