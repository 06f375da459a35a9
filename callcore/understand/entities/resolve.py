"""What of all that was said in a call holds: read-backs, answers to them, numbers said in pieces.

A deterministic fold over turns in the order in which they end, of both sides. Corrections inside a turn are marked in
its entities (corrections.py); what a later turn changes comes out as :class:`~callcore.types.Resolved`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from callcore.text.chars import HAN_CHARACTER
from callcore.types import Entity, Resolved, Role, Turn, Word
from callcore.understand.entities.corrections import FAMILIES
from callcore.understand.entities.country import UNSTATED, Country
from callcore.understand.entities.digits import CUED
from callcore.understand.entities.find import Found
from callcore.understand.entities.finder import Finder
from callcore.understand.entities.listener import Listener
from callcore.understand.entities.pieces import ALIKE, is_made_of, is_piece, mended
from callcore.understand.entities.shapes import LONGEST_CARD
from callcore.understand.entities.spans import Context, OpenNumber, TurnCues

REMEMBERED = 40  #: entities of each call that a read-back may mean
PATIENCE = 4  #: turns after which a question for a number, or a number left open, is forgotten
NUMBERS = ("card_number", "card_tail", "account", "phone", "id_number", "code", "card_expiry", "reference", "digits")
SHORT = 16  #: characters of a turn that says no more than "go on"
SHORT_ACCOUNT = 7  #: digits, below which more of an account may follow though the sentence ends
TAIL = 4  #: digits by which the whole is known
WITH_ENDS = ("phone", "account", "id_number")
ENDS = ("digits", "card_tail")
DOCUMENTS = ("account", "id_number")  #: kinds of which people give the end in place of the whole
WHOLE = ("card_number", "card_tail", "account", "phone", "id_number", "digits")
REACH = 8  #: turns in which a number that is put together was said
CARDS = frozenset({"card_number", "card_tail"})
AGREED, REPEATED, REFUSED = 0.95, 0.8, 0.9  #: probabilities: said yes to, repeated by the other side, said no to
_SENTENCE_END = re.compile("[.?!。]")


@dataclass(slots=True)
class _Said:
    """An entity of an earlier turn, and the value that holds now."""

    turn_id: int
    channel: int
    place: int
    kind: str
    value: str
    number: int  #: of the turn in the call, from 1
    status: str = "said"
    digits: str = ""  #: of a number, as they were said


@dataclass(frozen=True, slots=True)
class _Check:
    """A value put to the other side to confirm, and the entities that stand or fall with it."""

    kind: str
    value: str
    about: tuple[_Said, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Something that lasts until ``until`` turns have been read."""

    until: int
    number: OpenNumber | None = None
    kinds: tuple[str, ...] = ()  #: asked for, in the order of the question
    ends: frozenset[str] = frozenset()  #: of these the kinds whose end alone is asked for


class CallEntities:
    """The entities of one call, turn by turn. Holds values said in the call: it lives and dies with it."""

    def __init__(self, context: Context, finder: Finder | None = None) -> None:
        """``context``: what is known of the call; ``asked`` and ``open`` are filled in here.

        ``finder``: that of the call; one of rules alone unless given.
        """
        self._context = context
        self._finder = finder or Finder()
        self._listener = Listener()
        self._country = Country()
        self._said: deque[_Said] = deque(maxlen=REMEMBERED)
        self._open: dict[int, _Waiting] = {}
        self._asked: dict[int, _Waiting] = {}
        self._checks: dict[int, list[_Check]] = {}
        self._turns = 0

    def read(self, turn: Turn, speaker: Role = Role.UNKNOWN) -> tuple[tuple[Entity, ...], tuple[Resolved, ...]]:
        """The entities of the next turn, and what it changes in the standing of earlier ones."""
        found, resolved = self.take(turn, speaker)
        return found.entities, resolved

    def glance(
        self, words: Sequence[Word], language: str, channel: int, speaker: Role, context: Context | None = None
    ) -> Found:
        """What would be found in words of ``channel`` if they were its next turn; changes nothing.

        ``context``: as :meth:`expected` gives it now, where that is known.
        """
        context = context or self.expected(channel)
        return self._finder.find(words, language, context, self._listener.before(channel, speaker))

    def expected(self, channel: int) -> Context:
        """What would be known beside the words of a turn of ``channel`` if it came next; changes nothing."""
        checks = [check for asker, put in self._checks.items() if asker != channel for check in put]
        return self._context_of(channel, checks, self._turns + 1)

    def take(self, turn: Turn, speaker: Role = Role.UNKNOWN) -> tuple[Found, tuple[Resolved, ...]]:
        """As :meth:`read`, with what the entities were made from."""
        self._turns += 1
        checks = self._taken_checks(turn.channel)
        context = self._context_of(turn.channel, checks, self._turns)
        heard = self._listener.before(turn.channel, speaker)
        found = self._finder.find(turn.words, turn.language, context, heard)
        self._listener.heard(turn.channel, found.spoken)
        if found.language.name == "en":
            self._country.heard(found.spoken.text, found.entities, self._context.currency or UNSTATED)
        cues = found.language.cues
        said = [
            _Said(
                turn.turn_id, turn.channel, i, e.kind, e.value, self._turns, e.status, "".join(span.pieces) or e.value
            )
            for i, (e, span) in enumerate(zip(found.entities, found.spans, strict=True))
        ]
        resolved = [*_answers(checks, found, cues, said, turn.turn_id), *self._completed(found, turn)]
        answered = [one for check in checks for one in check.about]
        resolved += self._named_in_full(said, turn.turn_id)
        resolved += self._read_back(found, cues, said, answered)
        resolved += self._put_together(said)
        self._said.extend(one for one, entity in zip(said, found.entities, strict=True) if entity.status == "said")
        self._note_open(found, cues, turn, context)
        self._note_question(found, cues, turn.channel)
        return found, tuple(resolved)

    def _context_of(self, channel: int, checks: list[_Check], number: int) -> Context:
        """``number``: of the turn that is read, from 1."""
        asked = [waiting for asker, waiting in self._asked.items() if asker != channel]
        question = next((waiting for waiting in asked if waiting.until >= number), _Waiting(number))
        kinds = question.kinds
        put = checks[-1].kind if checks and checks[-1].kind in NUMBERS else ""
        kind = put or next((one for one in reversed(kinds) if one != "name"), kinds[-1] if kinds else "")
        waiting = self._open.get(channel)
        begun = waiting.number if waiting and waiting.until >= number else None
        return replace(
            self._context,
            country=self._country.region,
            asked=kind if kind != "digits" else "",
            beside=() if put else tuple(one for one in kinds if one not in (kind, "name")),
            end_asked=kind if kind in question.ends else "",
            name_asked="name" in kinds,
            about=put or ("" if CARDS & set(kinds) else kind),
            named=next((check.value for check in reversed(checks) if check.kind == "name"), ""),
            heard=self._heard(channel, number),
            open=begun,
        )

    def _heard(self, channel: int, number: int) -> tuple[tuple[str, str], ...]:
        """Numbers of the last turns of the other sides, the latest first."""
        return tuple(
            (one.kind, one.value)
            for one in reversed(self._said)
            if one.channel != channel and one.number + PATIENCE >= number and one.kind in NUMBERS
        )

    def _taken_checks(self, channel: int) -> list[_Check]:
        """What the other sides have put to this one."""
        taken: list[_Check] = []
        for asker in [asker for asker in self._checks if asker != channel]:
            taken += self._checks.pop(asker)
        return taken

    def _read_back(self, found: Found, cues: TurnCues, said: list[_Said], answered: list[_Said]) -> Iterator[Resolved]:
        """What the turn repeats of the other side's (but for what it has ``answered``), or puts to it."""
        text = found.spoken.text
        question = cues.question.search(text) is not None or text.rstrip().endswith("?")
        offer = cues.offer.search(text.rstrip())
        for one, entity, span in zip(said, found.entities, found.spans, strict=True):
            if entity.status != "said" or not one.value:
                continue
            meant = self._meant(one)
            apart = offer is not None and span.end <= offer.start()  # the limit is 5000, do you want it blocked?
            if question and not (apart and one.kind not in NUMBERS):
                about = (meant, one) if meant is not None else (one,)
                self._checks.setdefault(one.channel, []).append(_Check(one.kind, one.value, about))
            repeats = not question or (one.kind in NUMBERS and meant is not None and meant.value == one.value)
            if repeats and meant is not None and meant not in answered and _agrees(meant, one):
                yield Resolved(meant.turn_id, meant.place, "confirmed", meant.value, one.turn_id, REPEATED)

    def _meant(self, one: _Said) -> _Said | None:
        """The last entity of the other side that a value can mean: the same, or a number like it."""
        for other in reversed(self._said):
            if other.channel != one.channel and (_agrees(other, one) or _like(other, one)):
                return other
        return None

    def _completed(self, found: Found, turn: Turn) -> Iterator[Resolved]:
        """Numbers that had seemed complete in an earlier turn and go on in this one."""
        for entity in (one for one in found.entities if one.status == "said"):
            for one in self._said:
                if one.turn_id in entity.parts and one.kind == entity.kind and entity.value.startswith(one.value):
                    one.value = entity.value
                    yield Resolved(one.turn_id, one.place, "corrected", one.value, turn.turn_id, AGREED)

    def _put_together(self, said: list[_Said]) -> Iterator[Resolved]:
        """Numbers that the other side has said in pieces: what was taken for the whole is no more than a part."""
        for one in (one for one in said if one.kind in WHOLE and one.status == "said"):
            longer = self._longer(one) if one.kind in DOCUMENTS else None
            if longer is not None:
                one.value = longer.value
                yield Resolved(one.turn_id, one.place, "confirmed", one.value, longer.turn_id, REPEATED)
                continue
            pieces = [
                other
                for other in self._said
                if other.channel != one.channel and other.kind in NUMBERS and other.number + REACH >= one.number
            ]
            same = [other for other in pieces if _agrees(other, one)]
            parts = [other.digits.lstrip("+") for other in pieces]
            whole = (one.digits, one.value.lstrip("+"))
            if any(other.kind == one.kind for other in same) or not any(is_made_of(n, parts) for n in whole):
                continue
            yield Resolved(one.turn_id, one.place, "confirmed", one.value, pieces[-1].turn_id, REPEATED)
            for other in pieces:
                if other.kind in (one.kind, "account") and is_piece(other.digits, one.digits):
                    other.value = one.value
                    yield Resolved(other.turn_id, other.place, "corrected", one.value, one.turn_id, REPEATED)

    def _longer(self, one: _Said) -> _Said | None:
        """The last number of the kind that this one begins or ends."""
        known = (other for other in reversed(self._said) if other.kind == one.kind)
        return next((o for o in known if len(o.value) > len(one.value) and is_piece(one.value, o.value)), None)

    def _named_in_full(self, said: list[_Said], by_turn: int) -> Iterator[Resolved]:
        """A surname, or a first name, stands for the one full name of the call that it is part of."""
        for one in (one for one in said if one.kind == "name"):
            others = [other for other in (*self._said, *said) if other.kind == "name" and other is not one]
            full = {other.value for other in others if is_part_of_name(one.value, other.value)}
            if len(full) == 1:
                one.value = full.pop()
                yield Resolved(one.turn_id, one.place, "confirmed", one.value, by_turn, REPEATED)
            for other in others:
                if is_part_of_name(other.value, one.value):
                    other.value = one.value
                    yield Resolved(other.turn_id, other.place, "corrected", one.value, by_turn, REPEATED)

    def _note_open(self, found: Found, cues: TurnCues, turn: Turn, context: Context) -> None:
        """Keeps the digits that the turn ends with where they can go on."""
        if not found.spans:
            waiting = self._open.get(turn.channel)
            if waiting and not _only_fillers(found.spoken.text, 0, cues):
                self._open[turn.channel] = replace(waiting, until=min(waiting.until, self._turns + 1))
            return
        self._open.pop(turn.channel, None)
        span, text = found.spans[-1], found.spoken.text
        if span.kind == "digits" and span.rank >= CUED:  # the end of another number
            return
        unfinished = text.rstrip().endswith((",", "、", "...", "…"))
        if not _can_go_on(span.kind, span.value, span.valid, unfinished) or not _only_fillers(text, span.end, cues):
            return
        pieces = span.pieces or (span.value,)
        if sum(map(len, pieces)) < LONGEST_CARD:
            kind = span.hint or (context.asked if span.kind == "digits" else span.kind)
            number = OpenNumber(pieces, kind, (*span.parts, turn.turn_id))
            self._open[turn.channel] = _Waiting(self._turns + PATIENCE, number=number)

    def _note_question(self, found: Found, cues: TurnCues, channel: int) -> None:
        # what stands before a number is about that one: "six six two eight, and the ID number?"
        said = max((span.end for span in found.spans if span.kind in NUMBERS), default=0)
        text = found.spoken.text[said:]
        asks = text.rstrip().endswith("?") or cues.asks.search(text)  # "And the account number?"
        wanted = _wanted(text, cues)
        before = self._asked.get(channel)
        if wanted and (asks or any(wanted.values())):
            ends = frozenset(kind for kind, end in wanted.items() if end)
            self._asked[channel] = _Waiting(self._turns + PATIENCE, kinds=tuple(wanted), ends=ends)
        elif before and not said and (asks or len(text) > SHORT) and self._is_answered(before, channel):
            del self._asked[channel]  # now something else is spoken of

    def _is_answered(self, asked: _Waiting, channel: int) -> bool:
        """Whether somebody else has said what ``channel`` asked for."""
        latest = (one for one in self._said if one.number + PATIENCE >= self._turns)
        return any(one.kind in asked.kinds and one.channel != channel for one in latest)


def _wanted(text: str, cues: TurnCues) -> dict[str, bool]:
    """The kinds that a question names, in the order in which it last does, and whether it wants the end alone."""
    ends = [(match.span(), kind) for kind, cue in cues.ends.items() for match in cue.finditer(text)]
    named = [(match.span(), kind) for kind, cue in cues.wanted.items() for match in cue.finditer(text)]
    named = [
        (span, kind)
        for span, kind in named
        if kind != "card_tail" or not any(span[0] < end[1] and end[0] < span[1] for end, _ in ends)
    ]
    found: dict[str, bool] = {}
    for _, kind in sorted([*named, *ends], key=lambda one: one[0][1]):
        found[kind] = found.pop(kind, False) or any(kind == one for _, one in ends)
    return found


def _answers(checks: list[_Check], found: Found, cues: TurnCues, said: list[_Said], by_turn: int) -> Iterator[Resolved]:
    """What the answer to read-backs settles."""
    text = found.spoken.text
    refused = cues.no.match(text) is not None
    agreed = not refused and cues.yes.match(text) is not None
    first_sentence = _SENTENCE_END.search(text)

    def ended(one: _Said) -> bool:  # whether the answer was over when it was said
        return first_sentence is not None and found.spans[one.place].start > first_sentence.start()

    for check in checks:
        new = next((one for one in said if _contradicts(one, check) and not (agreed and ended(one))), None)
        anew = found.spans[new.place].pieces or (new.value,) if new is not None else ()
        end = mended(check.value, anew) if check.kind in NUMBERS and new and new.kind in ENDS else ""
        repeated = not refused and any(one.value == check.value for one in said)
        if (agreed or repeated) and new is None:
            yield from _settled(check.about, check.value, by_turn)
        elif end or (refused and new is not None):
            yield from _settled(check.about, end or (new.value if new else ""), by_turn)
        elif refused:
            for one in (one for one in check.about if one.value == check.value):
                yield Resolved(one.turn_id, one.place, "disputed", one.value, by_turn, REFUSED)


def _contradicts(one: _Said, check: _Check) -> bool:
    """Whether an answer says something else than what was put to it; the end of a number says the same."""
    alike = one.status == "said" and _same_family(one.kind, check.kind) and one.value != check.value
    return alike and not (check.kind in NUMBERS and one.value.isdigit() and check.value.endswith(one.value))


def is_part_of_name(part: str, name: str) -> bool:
    """Whether ``part`` is the surname, or the given name, of a full name: 王 of 王小明, Patel of Anna Patel."""
    if not part or len(part) >= len(name):
        return False
    if HAN_CHARACTER.search(name):
        return name.startswith(part) or (len(part) > 1 and name.endswith(part))
    words = name.casefold().split()
    return len(words) > 1 and part.casefold() in (words[0], words[-1])


def _settled(about: tuple[_Said, ...], value: str, by_turn: int) -> Iterator[Resolved]:
    """Every entity concerned has this value from now on; what said otherwise is corrected."""
    for one in about:
        same = one.value == value or one.value.endswith(value) or value.endswith(one.value)
        same = same or (one.kind == "name" and is_part_of_name(value, one.value))
        one.value = one.value if same else value
        yield Resolved(one.turn_id, one.place, "confirmed" if same else "corrected", one.value, by_turn, AGREED)


def _same_family(kind: str, other: str) -> bool:
    return kind == other or any(kind in family and other in family for family in FAMILIES) or "digits" in (kind, other)


def _agrees(one: _Said, other: _Said) -> bool:
    """The same value; of a card its tail will do."""
    if one.value == other.value:
        return _same_family(one.kind, other.kind)
    if one.kind == other.kind == "name":
        return is_part_of_name(one.value, other.value) or is_part_of_name(other.value, one.value)
    if one.kind in WITH_ENDS and other.kind in ENDS and one.number + 2 >= other.number:  # 幺八二... / 九零九四
        return len(other.value) >= TAIL and one.value.endswith(other.value)
    tail = {one.kind, other.kind} == {"card_number", "card_tail"}
    return tail and (one.value.endswith(other.value) or other.value.endswith(one.value))


def _like(one: _Said, other: _Said) -> bool:
    """Numbers of one kind and length that differ in a digit or two."""
    if one.kind not in NUMBERS or not _same_family(one.kind, other.kind) or len(one.value) != len(other.value):
        return False
    return sum(a != b for a, b in zip(one.value, other.value, strict=True)) <= ALIKE


def _can_go_on(kind: str, value: str, valid: bool | None, unfinished: bool) -> bool:
    """Whether more digits may follow. Cards of 16 digits that begin with 62 may have 19.

    ``unfinished``: the turn ends as a sentence does not; nothing else tells of an account that digits are missing.
    """
    if kind in ("account", "id_number") and (unfinished or len(value) < SHORT_ACCOUNT):
        return valid is not True
    if kind == "card_number":
        return len(value) < LONGEST_CARD and (not valid or value.startswith("62"))
    return kind == "digits" or (kind in ("phone", "id_number") and valid is False)


def _only_fillers(text: str, start: int, cues: TurnCues) -> bool:
    return cues.filler.fullmatch(text, start) is not None
