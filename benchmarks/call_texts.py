"""Written calls as they were heard: where turns lie in a recording, and what the gold becomes. Pure functions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from benchmarks.written_calls.check import Gold, GoldCall, GoldPromise, GoldSecret, WrittenTurn, secret_spans
from callcore.evaluate.normalise import MANDARIN, Normaliser
from callcore.evaluate.rates import Counts, compare
from callcore.types import Word

KEPT_SHARE = 0.5  #: of the units of a secret that must have been heard right for it to be one still
SHORTEST_S = 0.05  #: that a turn is given at least, so that it does not end where it begins
_UNITS = re.compile(r"[0-9]|[A-Za-z]+(?:['’][A-Za-z]+)*|[^\W_]")

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Piece:
    """What was heard of one written turn, inside a turn of the recogniser. ``of``: number of the written turn."""

    of: int
    text: str


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn as the recogniser has it."""

    speaker: str
    start_s: float
    end_s: float
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """All pieces, as they follow each other."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call that was said and recognised."""

    name: str
    digest: str  #: of the written turns that were said
    model: str
    how: str  #: voices, rates, distance of the noise
    said: tuple[str, ...]  #: each written turn with its numbers in words
    turns: tuple[HeardTurn, ...]

    def heard(self) -> list[str]:
        """What was heard of each written turn, all pieces together."""
        texts = ["" for _ in self.said]
        for turn in self.turns:
            for piece in turn.pieces:
                texts[piece.of] += piece.text
        return [text.strip() for text in texts]


def digest(call: GoldCall) -> str:
    """What is said in a call, and when, as a short name."""
    turns = [turn.model_dump() for turn in call.turns]
    return hashlib.sha256(json.dumps(turns, ensure_ascii=False).encode()).hexdigest()[:16]


def read_heard_calls(file: Path) -> dict[str, HeardCall]:
    """By name; empty without the file. A last line that was cut off is left out."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else ():
        if line.endswith("\n"):
            one = _call(json.loads(line))
            found[one.name] = one
    return found


def heard_call_line(call: HeardCall) -> str:
    """A line of the file, its end included."""
    values = asdict(call)
    values["turns"] = [
        [turn.speaker, turn.start_s, turn.end_s, [[piece.of, piece.text] for piece in turn.pieces]]
        for turn in call.turns
    ]
    return json.dumps(values, ensure_ascii=False) + "\n"


def _call(values: dict[str, Any]) -> HeardCall:
    turns = tuple(
        HeardTurn(speaker, start, end, tuple(Piece(of, text) for of, text in pieces))
        for speaker, start, end, pieces in values["turns"]
    )
    return HeardCall(**{**values, "said": tuple(values["said"]), "turns": turns})


def placed(written: Sequence[Span], lengths_s: Sequence[float]) -> list[Span]:
    """When each turn is said: as written, put off by what the turns before it took longer than written."""
    late, spans = 0.0, []
    for (start, end), length in zip(written, lengths_s, strict=True):
        spans.append((start + late, start + late + length))
        late += max(length - (end - start), 0.0)
    return spans


def pieces_of(words: Sequence[Word], spans: Sequence[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Words of a recognised turn by the written turn that each belongs to: the one nearest to its middle.

    ``spans``: number, start and end (samples) of the written turns of the channel, at least one.
    """
    pieces: list[Piece] = []
    for word in words:
        middle = (word.start_sample + word.end_sample) / 2
        of = min(spans, key=lambda span: max(span[1] - middle, middle - span[2], 0.0))[0]
        text = f" {word.text}" if word.space_before and pieces else word.text
        if pieces and pieces[-1].of == of:
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text + text)
        else:
            pieces.append(Piece(of, text))
    return tuple(pieces)


def error_counts(call: HeardCall, normaliser: Normaliser) -> Counts:
    """Errors of each written turn against what was heard of it, together."""
    pairs = zip(call.said, call.heard(), strict=True)
    return sum((compare(said, heard, normaliser) for said, heard in pairs), Counts())


def units_at(text: str) -> list[tuple[str, int, int]]:
    """What is compared of a text, with its place: Han characters, digits (as Han digits), Latin words in lower case."""
    return [("".join(MANDARIN.units(found[0])), found.start(), found.end()) for found in _UNITS.finditer(text)]


@dataclass(frozen=True, slots=True)
class Carried:
    """Where a stretch of a text lies in what was heard of it, and the share of its units that was heard right."""

    start: int
    end: int
    right: float


def carried(text: str, heard: str, start: int, end: int) -> Carried | None:
    """Where ``heard`` holds characters ``start`` to ``end`` of ``text``: from the first unit of theirs that was heard
    right to the last. None where none was.
    """
    wanted, written = units_at(text), units_at(heard)
    inside = {place for place, unit in enumerate(wanted) if unit[1] < end and unit[2] > start}
    places = []
    for step in Levenshtein.opcodes([unit[0] for unit in wanted], [unit[0] for unit in written]):
        if step.tag == "equal":
            pairs = zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True)
            places += [other for place, other in pairs if place in inside]
    if not places:
        return None
    return Carried(written[min(places)][1], written[max(places)][2], len(places) / len(inside))


def as_heard(call: GoldCall, turns: Iterable[HeardTurn]) -> GoldCall:
    """The call with the turns that were heard, and its gold as it then is.

    Evidence and promises go to the turns in which something of theirs was heard (promises, where nothing was, to the
    turn nearest before). Secrets are what was heard in their place, as long as :data:`KEPT_SHARE` of them is right.
    Fields stay as they are: what the recogniser got wrong is lost or wrong on the ticket as well.
    """
    kept = [turn for turn in turns if turn.text.strip()]
    where: dict[int, list[int]] = {}
    for number, turn in enumerate(kept):
        for of in dict.fromkeys(piece.of for piece in turn.pieces):
            where.setdefault(of, []).append(number)
    evidence = {
        name: sorted({number for of in places for number in where.get(of, ())})
        for name, places in call.gold.evidence.items()
    }
    promises = [
        GoldPromise(by=one.by, kind=one.kind, due=one.due, turn=_nearest(one.turn, where)) for one in call.gold.promises
    ]
    return call.model_copy(
        update={
            "turns": [_turn(turn) for turn in kept],
            "gold": Gold(
                fields=call.gold.fields,
                evidence={name: places for name, places in evidence.items() if places},
                promises=promises,
                secrets=_secrets(call, kept),
            ),
        }
    )


def _turn(heard: HeardTurn) -> WrittenTurn:
    end_s = max(heard.end_s, heard.start_s + SHORTEST_S)
    return WrittenTurn.model_validate(
        {"speaker": heard.speaker, "start_s": heard.start_s, "end_s": end_s, "text": heard.text.strip()}
    )


def _nearest(turn: int, where: dict[int, list[int]]) -> int:
    before = [of for of in where if of <= turn]
    return where[max(before)][0] if before else 0


def _secrets(call: GoldCall, kept: Sequence[HeardTurn]) -> list[GoldSecret]:
    found: list[tuple[int, int, GoldSecret]] = []
    for number in range(len(call.turns)):
        parts = [(place, piece) for place, turn in enumerate(kept) for piece in turn.pieces if piece.of == number]
        heard = "".join(piece.text for _, piece in parts)
        for start, end, kind in secret_spans(call, number):
            there = carried(call.turns[number].text, heard, start, end)
            if there and there.right >= KEPT_SHARE:
                found += _cut(parts, kept, there, kind)
    found.sort(key=lambda one: one[:2])
    return [secret for _, _, secret in found]


def _cut(
    parts: Sequence[tuple[int, Piece]], kept: Sequence[HeardTurn], there: Carried, kind: str
) -> list[tuple[int, int, GoldSecret]]:
    """A stretch of what was heard of one turn, by the recogniser's turns over which it runs, and its place there."""
    found, begin = [], 0
    for place, piece in parts:
        end = begin + len(piece.text)
        text = piece.text[max(there.start - begin, 0) : max(there.end - begin, 0)].strip()
        if text:
            before = kept[place].pieces[: kept[place].pieces.index(piece)]
            offset = sum(len(one.text) for one in before) + max(there.start - begin, 0)
            found.append((place, offset, GoldSecret(turn=place, text=text, kind=kind)))
        begin = end
    return found


def same_turns(call: GoldCall, texts: Sequence[str]) -> list[HeardTurn]:
    """The written turns, each with another text."""
    return [
        HeardTurn(turn.speaker, turn.start_s, turn.end_s, (Piece(number, text),))
        for number, (turn, text) in enumerate(zip(call.turns, texts, strict=True))
    ]
