"""How transcripts are written: script, punctuation, spacing."""

from callcore.text.script import convert_string
from callcore.text.writer import TextWriter

__all__ = ["TextWriter", "convert_string"]
