"""Facts said in a turn: amounts, dates, numbers, names ... (docs/entities.md)."""

from callcore.understand.entities.find import find
from callcore.understand.entities.spans import Context, OpenNumber
from callcore.understand.entities.spoken import plain_words

__all__ = ["Context", "OpenNumber", "find", "plain_words"]
