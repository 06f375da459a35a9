"""callcore: listens to both sides of a bank's service call on the bank's own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
