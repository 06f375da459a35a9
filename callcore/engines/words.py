"""Word times and probabilities from Whisper's cross-attention.

Method: dynamic time warping over the attention of the alignment heads (openai/whisper ``timing.py``), done by
CTranslate2's ``align``; words are split by faster-whisper's tokenizer (per character for languages without spaces).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from callcore.types import Word

POSITION_SAMPLES = 320  #: one encoder position is 20 ms at 16 kHz
APPENDED = "\"'.。,，!！?？:：”)]}、%％"  #: marks written onto the word before them
PREPENDED = "\"'“¿([{-$￥¥"  #: marks written onto the word after them


def words_from_alignment(tokenizer: Any, tokens: Sequence[int], alignment: Any, start: int, end: int) -> list[Word]:
    """Words of one window, times in samples of the call, clipped to the audio's ``start`` and ``end``.

    ``tokenizer``: faster-whisper's ``Tokenizer``. ``tokens``: text tokens. ``alignment``: CTranslate2's
    ``WhisperAlignmentResult`` for them.
    """
    pieces, piece_tokens = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    pieces, piece_tokens = pieces[:-1], piece_tokens[:-1]  # the last is the end of text
    if not pieces or not alignment.alignments:
        return []
    text_indices, time_indices = np.array(alignment.alignments, dtype=np.int64).T
    first_of_token = np.concatenate([[True], np.diff(text_indices) > 0])
    jumps = time_indices[first_of_token]  # position at which each token, then the end, begins
    edges = np.concatenate([[0], np.cumsum([len(piece) for piece in piece_tokens])])
    positions = start + jumps[np.minimum(edges, len(jumps) - 1)] * POSITION_SAMPLES
    positions = np.clip(positions, start, end)
    probabilities = alignment.text_token_probs
    words: list[Word] = []
    pending = ""  # an opening mark, or a space, waiting for its word
    for index, piece in enumerate(pieces):
        mark = piece.strip()
        low, high = int(positions[index]), int(positions[index + 1])
        if mark and all(character in APPENDED for character in mark) and words:
            previous = words[-1]
            words[-1] = Word(
                previous.text + mark, previous.start_sample, previous.end_sample, previous.probability,
                previous.space_before,
            )  # fmt: skip
        elif not mark or all(character in PREPENDED for character in mark):
            pending += piece
        else:
            token_probabilities = probabilities[int(edges[index]) : int(edges[index + 1])]
            probability = float(np.mean(token_probabilities)) if len(token_probabilities) else 0.0
            spaced = (pending + piece)[0].isspace()
            words.append(Word(pending.strip() + mark, low, high, round(probability, 4), spaced))
            pending = ""
    return words
