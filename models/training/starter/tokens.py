"""Whisper's tokens: which of them the model learns, and texts as tokens with the times they are said at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from models.training.starter.speech import Piece

PUBLISHED = 51_865
EOT, SOT, TRANSCRIBE, PREVIOUS, NO_SPEECH, NO_TIMESTAMPS, FIRST_TIME = 50257, 50258, 50359, 50361, 50362, 50363, 50364
LANGUAGES = {"en": 50259, "zh": 50260}
STEP_S = 0.02  #: between timestamp tokens
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A token of the text and the seconds it is said in."""

    row: int
    start: float
    end: float


class Tokens:
    """The tokens that are learnt, numbered from 0: what the restricted softmax chooses from.

    ``rows``: their published numbers, ascending.
    """

    def __init__(self, tokenizer_file: Path, rows: Sequence[int]) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.rows = tuple(rows)
        self._row = {token: row for row, token in enumerate(self.rows)}
        self.eot, self.sot, self.transcribe = self._row[EOT], self._row[SOT], self._row[TRANSCRIBE]
        self.previous, self.no_speech = self._row[PREVIOUS], self._row[NO_SPEECH]
        self.no_timestamps = self._row[NO_TIMESTAMPS]
        self.languages = {name: self._row[token] for name, token in LANGUAGES.items() if token in self._row}
        self.first_text, self.end_text = 0, self.eot

    @staticmethod
    def rows_for(tokenizer_file: Path, texts: Iterable[str], languages: Sequence[str], longest_s: float) -> list[int]:
        """Published numbers of the tokens of texts, of common characters, and of times up to ``longest_s``."""
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        found = {EOT, SOT, TRANSCRIBE, PREVIOUS, NO_SPEECH, NO_TIMESTAMPS, *(LANGUAGES[name] for name in languages)}
        found |= set(range(256))  # every byte, so that every text can be written
        found |= set(range(FIRST_TIME, FIRST_TIME + round(longest_s / STEP_S) + 1))
        batch = [*texts, *(_common_characters() if "zh" in languages else [])]
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            found |= set(encoding.ids)
        return sorted(found)

    def time_row(self, seconds: float) -> int:
        """The timestamp token nearest to ``seconds``."""
        return self._row[FIRST_TIME + round(seconds / STEP_S)]

    def encode(self, text: str) -> list[int] | None:
        """Rows of ``text``; None where a token is not among the learnt."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        rows = [self._row.get(token, -1) for token in ids]
        return None if -1 in rows else rows

    def timed(self, pieces: Sequence[Piece]) -> list[Timed] | None:
        """Rows of pieces' text, each with the seconds it is said in; None where a token is not among the learnt.

        Tokens that share a character share its time in equal parts.
        """
        owner = [piece for piece in pieces for _ in piece.text]
        encoding = self._tokenizer.encode("".join(piece.text for piece in pieces), add_special_tokens=False)
        found: list[Timed] = []
        index = 0
        while index < len(encoding.ids):
            span, last = encoding.offsets[index], index
            while last + 1 < len(encoding.ids) and encoding.offsets[last + 1] == span:
                last += 1
            first, final = owner[span[0]], owner[max(span[0], span[1] - 1)]
            count = last - index + 1
            step = (final.end - first.start) / count
            for part in range(count):
                row = self._row.get(encoding.ids[index + part], -1)
                if row < 0:
                    return None
                found.append(Timed(row, first.start + part * step, first.start + (part + 1) * step))
            index = last + 1
        return found

    def decode(self, rows: Iterable[int]) -> str:
        """The text of rows, special ones left out."""
        return str(self._tokenizer.decode([self.rows[row] for row in rows if row < self.eot]))


def _common_characters() -> list[str]:
    """The 3,755 characters of the first level of GB 2312."""
    pairs = ((high, low) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [bytes(pair).decode("gb2312", errors="ignore") for pair in pairs]
