"""How transcripts are written: script, punctuation, spacing."""

from callcore.text.script import convert_string
from callcore.text.writer import TextWriter, concatenation

__all__ = ["TextWriter", "concatenation", "convert_string"]
