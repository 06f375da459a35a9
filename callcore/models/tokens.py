"""Which tokens of Whisper's tokenizer a language needs, and the tokenizer that holds only those.

The tokenizer is a byte-level BPE: ids 0 to 255 are bytes, every later text token is one merge of two earlier ones, so a
low id is a frequent text. Special tokens follow after all texts. A kept token's parts are kept too; then encoding with
the kept merges alone gives the whole tokenizer's ids wherever all of those are kept, and shorter pieces elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BYTES = 256
FREQUENT = 5000  #: ids below are frequent; those of plain letters Chinese needs too, for names and words amid it
HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
MARKS = (
    *((0xA5, 0xA5), (0xB7, 0xB7), (0x2010, 0x2027), (0x3000, 0x303F), (0xFF00, 0xFFEF)),  # of Chinese, and quotes
    (0xFFFD, 0xFFFD),  # what models write where they cannot tell
)
CHINESE = ("zh", "yue")
LANGUAGES = (*CHINESE, "en")  #: those whose tokens can be told


class TokenFault(Exception):
    """Why a tokenizer cannot be trimmed, in words that follow "model NAME: "."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A model's tokens by id, and the two tokens that each merged one is made of."""

    texts: Sequence[str]  #: as CTranslate2 lists them: bytes written as printable characters
    specials_from: int  #: id of end-of-text; it and all later ones are no text
    parts: Mapping[int, tuple[int, int]]


def read_vocabulary(texts: Sequence[str], tokenizer: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of ``tokenizer`` (the content of tokenizer.json). Raises :class:`TokenFault`.

    ``texts``: the tokens as CTranslate2 lists them, which is the order of the weights' rows.
    """
    try:
        ids, merges = tokenizer["model"]["vocab"], [_pair(merge) for merge in tokenizer["model"]["merges"]]
        specials_from = list(texts).index("<|endoftext|>")
        parts = {ids[left + right]: (ids[left], ids[right]) for left, right in merges}
    except (KeyError, TypeError, ValueError) as error:
        raise TokenFault(f"its tokenizer is none of Whisper's ({type(error).__name__})") from error
    if any(ids.get(text) != number for number, text in enumerate(texts[:specials_from])):
        raise TokenFault("its tokenizer and its vocabulary differ")
    return Vocabulary(texts, specials_from, parts)


def choose_tokens(vocabulary: Vocabulary, languages: Sequence[str], limit: int | None = None) -> list[int]:
    """Ids to keep, ascending: what every text needs, the languages' own characters, then plain letters by frequency.

    ``limit``: how many tokens to keep in all; without it Chinese keeps those of plain letters that are
    :data:`FREQUENT`, English all. Raises :class:`TokenFault` when ``limit`` is less than the languages need.
    """
    chinese, english = not set(languages).isdisjoint(CHINESE), "en" in languages
    needed: set[int] = set(range(vocabulary.specials_from, len(vocabulary.texts)))
    plain: list[int] = []
    for number, text in enumerate(vocabulary.texts[: vocabulary.specials_from]):
        if not text:  # a gap in the published list
            continue
        written = _written(text)
        if number < BYTES or written is None or _of_languages(written, chinese):
            needed.add(number)
        elif written.isascii():
            plain.append(number)
            if _is_amount_or_short_form(written):
                needed.add(number)
    needed = _with_parts(needed, vocabulary.parts)
    if limit is None:
        return sorted(needed.union(number for number in plain if english or number < FREQUENT))
    if limit < len(needed):
        raise TokenFault(f"{', '.join(languages)} needs {len(needed):,} tokens at least, more than {limit:,}")
    rest = [number for number in plain if number not in needed]  # its parts come before a token, and are plain too
    return sorted(needed.union(rest[: limit - len(needed)]))


def trim_tokenizer(tokenizer: Mapping[str, Any], kept: Iterable[int]) -> dict[str, Any]:
    """The content of tokenizer.json with the tokens ``kept`` (ascending ids), renumbered in that order from 0."""
    row_of = {number: row for row, number in enumerate(kept)}
    ids: Mapping[str, int] = tokenizer["model"]["vocab"]
    vocabulary = {text: row_of[number] for text, number in ids.items() if number in row_of}
    merges = [merge for merge in tokenizer["model"]["merges"] if "".join(_pair(merge)) in vocabulary]
    added = [
        {**token, "id": row_of[token["id"]]} for token in tokenizer.get("added_tokens", ()) if token["id"] in row_of
    ]
    return {
        **tokenizer,
        "model": {**tokenizer["model"], "vocab": vocabulary, "merges": merges},
        "added_tokens": added,
        "post_processor": None,  # it would put special tokens around a text by their published ids
    }


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _with_parts(wanted: Iterable[int], parts: Mapping[int, tuple[int, int]]) -> set[int]:
    whole: set[int] = set()
    waiting = list(wanted)
    while waiting:
        number = waiting.pop()
        if number not in whole:
            whole.add(number)
            waiting.extend(parts.get(number, ()))
    return whole


def _byte_characters() -> dict[str, int]:
    """The character that byte-level BPE writes for each byte (GPT-2's ``bytes_to_unicode``), the other way round."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_BYTE_OF = _byte_characters()


def _written(text: str) -> str | None:
    """What a token writes; None for a piece of a character."""
    try:
        return bytes(_BYTE_OF[character] for character in text).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _in(ranges: Sequence[tuple[int, int]]) -> Callable[[str], bool]:
    return lambda character: any(first <= ord(character) <= last for first, last in ranges)


_is_han, _is_mark = _in(HAN), _in(MARKS)


def _of_languages(written: str, chinese: bool) -> bool:
    """Whether a token holds characters of the languages beyond ASCII, and none of others."""
    beyond = [character for character in written if not character.isascii()]
    return bool(beyond) and all(_is_mark(character) or (chinese and _is_han(character)) for character in beyond)


def _is_amount_or_short_form(written: str) -> bool:
    """Digits ("2025"), or capitals as in ATM and APP: said in calls of every language."""
    word = written.strip()
    return word.isdigit() or (word.isalpha() and word.isupper())
