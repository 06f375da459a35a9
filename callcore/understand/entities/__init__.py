"""Facts said in a turn: amounts, dates, numbers, names ... (docs/entities.md)."""

from callcore.understand.entities.find import find, prepare
from callcore.understand.entities.finder import Finder
from callcore.understand.entities.resolve import CallEntities
from callcore.understand.entities.spans import Context, OpenNumber
from callcore.understand.entities.spoken import plain_words

__all__ = ["CallEntities", "Context", "Finder", "OpenNumber", "find", "plain_words", "prepare"]
