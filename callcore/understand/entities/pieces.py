"""Numbers said in pieces: which pieces make up a whole, and what is no more than a piece of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callcore.understand.entities import checks

RESIDENT_ID = 18  #: GB 11643-1999
OLD_RESIDENT_ID = 15  #: before 1999
MOBILE = 11  #: digits of a mobile number in China, and of most numbers in Britain
LONGEST_END = 6  #: digits of the end of a number that is asked for
SHORTEST_ID = 7  #: digits of an identity document that has no letters
SHORTEST_PHONE = 10  #: digits of a telephone number that no plan knows; of known ones some have fewer
LONGEST_PHONE = 13  #: the same, with the code of a country
CARD_LENGTHS = (15, 16, 19)
ALIKE = 2  #: digits in which the end of a number may differ from the one that takes its place
SHORT_END = 3  #: digits of an end that may differ in one, or in their order
_LEAST_TAIL = 3
_LONGEST_ANEW = 8  #: digits of an end that is given anew
_TAIL = 4  #: digits that tell a card


def is_fragment(kind: str, digits: str, valid: bool | None, regions: Sequence[str]) -> bool:
    """Whether digits of a kind that has a length of its own are too few or too many for a whole number."""
    chinese = regions[0] == "CN"
    if kind == "phone":
        length = len(digits.lstrip("+"))
        shortest = MOBILE if digits.startswith("1" if chinese else "0") else SHORTEST_PHONE
        return valid is False and not shortest <= length <= LONGEST_PHONE
    if kind != "id_number" or not digits[0].isdigit():
        return False
    if digits.endswith("X"):  # no other number has a letter there, so that its end will do
        return LONGEST_END < len(digits) < RESIDENT_ID
    if chinese:
        return len(digits) not in (OLD_RESIDENT_ID, RESIDENT_ID)
    return len(digits) < SHORTEST_ID


def assembled(before: Sequence[str], run: Sequence[str], kind: str, regions: Sequence[str]) -> str:
    """The whole number that pieces of ``kind`` and those said after them make; "" where check digits know none.

    The last piece said before may have been said anew: as a whole, or from some digit on.
    """
    if not before:
        return ""
    if len(run) > 1 and (whole := assembled((*before, run[0]), run[1:], kind, regions)):
        return whole
    return next((digits for digits in _joins(before, run) if is_whole(kind, digits, regions)), "")


def tail(pieces: Sequence[str]) -> str:
    """The four digits that tell a card, of pieces one of which says them after a slip or says them twice; else ""."""
    fours = {piece for piece in pieces if len(piece) == _TAIL}
    if len(fours) != 1 or len(pieces) < 2:
        return ""
    four = fours.pop()
    few = sum(map(len, pieces)) <= LONGEST_END or all(piece in four for piece in pieces)
    return four if few else ""


def is_whole(kind: str, digits: str, regions: Sequence[str]) -> bool:
    """Whether check digits or a numbering plan know the digits for a whole number of the kind."""
    if kind == "phone":
        return len(digits) >= SHORTEST_PHONE and checks.phone(digits, regions)[1]
    if kind == "id_number":
        return checks.resident_id(digits)
    return kind == "card_number" and len(digits) in CARD_LENGTHS and digits.isdigit() and checks.luhn(digits)


def mended(number: str, pieces: Sequence[str]) -> str:
    """The number with the end, or a stretch of it, that somebody gives anew in ``pieces``; "" where they are no such.

    They may say what was wrong, or a part of the end, before or after it: of 不是八二，九三二八 the last four count.
    """
    spans = [(i, j) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)]
    for i, j in sorted(spans, key=lambda span: (span[0] - span[1], -span[1])):
        end = "".join(pieces[i:j])
        if (
            _LEAST_TAIL <= len(end) <= _LONGEST_ANEW
            and len(end) < len(number)
            and is_like(number[-len(end) :], end, ALIKE)
        ):
            return number[: -len(end)] + end
    return next(filter(None, (_mended_within(number, piece) for piece in pieces)), "")


def _mended_within(number: str, piece: str) -> str:
    """The number with a piece in place of the one stretch of it that differs from it in one digit; else ""."""
    size = len(piece)
    if not _LEAST_TAIL < size <= _LONGEST_ANEW or piece in number:
        return ""
    places = [at for at in range(len(number) - size + 1) if _differing(number[at : at + size], piece) == 1]
    return number[: places[0]] + piece + number[places[0] + size :] if len(places) == 1 else ""


def is_like(one: str, other: str, differing: int = 0) -> bool:
    """Whether digits may stand for others: but for ``differing`` of them the same, or the same in another order.

    Without ``differing``: what nobody takes back in words must be more alike if it is short.
    """
    if len(one) != len(other):
        return False
    most = differing or (ALIKE if len(one) > SHORT_END else 1)
    return _differing(one, other) <= most or (len(one) <= LONGEST_END and sorted(one) == sorted(other))


def _differing(one: str, other: str) -> int:
    """Digits in which two numbers of one length differ."""
    return sum(a != b for a, b in zip(one, other, strict=True))


def is_made_of(number: str, pieces: Sequence[str]) -> bool:
    """Whether a number is what somebody else has said in pieces: they make up half of it or more, or its end."""
    if any(piece.endswith(number) or (len(piece) >= _TAIL and number.endswith(piece)) for piece in pieces):
        return True
    at = covered = 0
    for piece in pieces:
        place = number.find(piece, at) if len(piece) >= _LEAST_TAIL else -1
        if place >= 0:
            at, covered = place + len(piece), covered + len(piece)
    return 2 * covered >= len(number)


def is_piece(piece: str, number: str) -> bool:
    """Whether digits begin or end a longer number, or have it at their end and little before it."""
    if len(piece) > len(number):
        return piece.endswith(number) and len(piece) <= len(number) + ALIKE
    return piece != number and len(piece) >= _LEAST_TAIL and (number.startswith(piece) or number.endswith(piece))


def _joins(before: Sequence[str], run: Sequence[str]) -> Iterator[str]:
    """What the pieces may be together, the simplest first."""
    head, shorter = "".join(before), "".join(before[:-1])
    tails = ["".join(run[i:]) for i in range(len(run))]
    yield from (head + tail for tail in tails)
    yield from (shorter + tail for tail in tails)
    for tail in tails:
        yield from (head + tail[size:] for size in range(1, len(tail)) if head.endswith(tail[:size]))
