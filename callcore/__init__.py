"""callcore: listens to both sides of a bank's service call on the bank's own machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Some builds of onnxruntime report to their maker over the network, and keep an identifier of the machine, from the
# moment they are imported. Nothing of callcore leaves the machine, so this must be said before any import of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
__all__ = ["__version__", "seconds", "transcribe"]

if TYPE_CHECKING:
    from callcore.batch.transcriber import transcribe
    from callcore.types import seconds


def __getattr__(name: str) -> Any:
    """Public names are imported when they are used, so that ``import callcore`` and ``--help`` stay fast (PEP 562)."""
    if name == "transcribe":
        from callcore.batch.transcriber import transcribe

        return transcribe
    if name == "seconds":
        from callcore.types import seconds

        return seconds
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
