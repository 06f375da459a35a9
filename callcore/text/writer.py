"""From recognised words to the words and text of a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callcore.config import TextSettings
from callcore.text.chars import HAN_CHARACTER, Text, clean
from callcore.text.punctuation import has_marks, normalise_marks, strip_marks
from callcore.text.restore import Restorer
from callcore.text.script import convert
from callcore.text.spacing import space
from callcore.types import Word, text_of

MANDARIN = ("zh", "yue")  #: languages written with Han characters and full-width marks (Whisper's names)


class TextWriter:
    """Writes transcripts as :class:`~callcore.config.TextSettings` says. Holds no state of a call."""

    def __init__(self, settings: TextSettings) -> None:
        self.settings = settings
        self._restorer = Restorer.bundled() if settings.punctuation == "restore" else None

    def write(self, words: Sequence[Word], language: str, *, ended: bool = True) -> tuple[str, tuple[Word, ...]]:
        """Display text and words of one segment.

        ``words`` in order of time; ``language`` as recognised ("zh"); ``ended`` is False where the speech was cut in
        the middle of a sentence, so that no end mark is restored. The text is what the words add up to
        (:func:`~callcore.types.text_of`); words keep times and probability, a mark is part of the word it follows, and
        words left without characters are gone.
        """
        settings = self.settings
        text = clean(Text.of(words))
        mandarin = language in MANDARIN and bool(HAN_CHARACTER.search(text.characters))
        if mandarin and settings.script != "keep":
            text = convert(text, settings.script)
        text = strip_marks(text) if settings.punctuation == "none" else normalise_marks(text, mandarin=mandarin)
        text = space(text, han_latin=settings.space_han_latin)
        if mandarin and self._restorer is not None and not has_marks(text.characters):
            text = self._restorer.restore(text, words, ended=ended)
            text = space(text, han_latin=settings.space_han_latin)
        written = text.words(words)
        return text_of(written), written

    def join(self, parts: Sequence[Sequence[Word]]) -> tuple[str, tuple[Word, ...]]:
        """The words of several segments in a row, already written, as one text with the right spaces between them."""
        words = [word for part in parts for word in part]
        firsts = {sum(map(len, parts[:i])) for i in range(1, len(parts))}
        spaced = [_spaced(word) if i in firsts else word for i, word in enumerate(words)]
        joined = space(Text.of(spaced), han_latin=self.settings.space_han_latin).words(spaced)
        return text_of(joined), joined


def _spaced(word: Word) -> Word:
    return replace(word, space_before=True)
