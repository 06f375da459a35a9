"""Text made safe for the terminal; imports nothing, so that an error can be told even where a package is missing."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without characters that would steer the terminal; broken ones shown as backslash escapes."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else " " for char in safe)
