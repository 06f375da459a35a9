"""Reads turns: finds in each the cues, promises, topics and choices that rules and models ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from callcore.tickets.cues import Cue, PromiseWords, TopicWords
from callcore.tickets.currencies import CurrencySigns, phrases_of
from callcore.tickets.phrases import PIECE, PhraseIndex, Phrases, pieces_of
from callcore.tickets.reading import Chance, PromiseHit, Reading, Span, begin_in
from callcore.types import Label, PromiseKind, Role, Turn, Understanding
from callcore.understand.catalogue import Act

LESS_SURE = 3.0  #: times: odds of another promise in the same sentence by which it is left out


class Reader:
    """Finds cues, promises and choices in turns. Read-only; calls share it."""

    def __init__(
        self,
        cues: Sequence[Cue],
        promises: Sequence[PromiseWords],
        never: Callable[[str], list[Span]],
        same_day: Callable[[str], list[Span]],
        choices: Sequence[tuple[tuple[str, str], Phrases]],
        terms: Sequence[tuple[str, str]],
        topics: Sequence[TopicWords],
        acts: Sequence[Act],
        currencies: Sequence[CurrencySigns],
    ) -> None:
        """``acts``: those that models find.

        ``never`` and ``same_day``: see :class:`~callcore.tickets.cues.PromiseFile`.

        ``choices``: field and choice, with its phrases. ``terms``: in small letters, and the topic of each.
        """
        self._phrases: PhraseIndex[tuple[str, Any]] = PhraseIndex(
            [
                *((("cue", cue.code), cue.phrases) for cue in cues),
                *((("promise", (words.kind, words.by)), words.phrases) for words in promises),
                *((("topic", words.code), words.phrases) for words in topics),
                *((("choice", key), phrases) for key, phrases in choices),
                *((("sign", key), phrases) for key, phrases in phrases_of(currencies)),
            ]
        )
        self._never, self._same_day = never, same_day
        self._acts = {act.code: act for act in acts}
        self.said_by: Mapping[str, str] = {act.code: act.by for act in acts} | {cue.code: cue.by for cue in cues}
        self._terms: dict[str, list[tuple[int, str, str]]] = {}  #: by piece; each with its rank, the longest first
        for rank, (term, topic) in enumerate(sorted(terms, key=lambda item: (-len(item[0]), item))):
            self._terms.setdefault(term[:PIECE], []).append((rank, term, topic))

    def read(self, turn: Turn, found: Understanding | None = None, role: Role = Role.UNKNOWN) -> Reading:
        """A turn, whoever may have said it."""
        written = [(" " if word.space_before else "") + word.text for word in turn.words]
        text = _plain("".join(written))
        starts = tuple(accumulate((len(word) for word in written[:-1]), initial=0)) if written else ()
        pieces = pieces_of(text)
        said: dict[str, list[tuple[Any, list[Span]]]] = {}
        for (what, key), spans in self._phrases.find(text, pieces):
            said.setdefault(what, []).append((key, spans))
        reading = Reading(
            turn,
            text,
            starts,
            hits={code: tuple(spans) for code, spans in said.get("cue", ())},
            choices={key: spans[0] for key, spans in said.get("choice", ())},
            terms=tuple(self._named(text, pieces)),
            topics=tuple((code, spans[0]) for code, spans in said.get("topic", ())),
            signs=frozenset(
                (code, text[start:end], weight)
                for (code, weight), spans in said.get("sign", ())
                for start, end in spans
            ),
            role=role,
        )
        if promises := said.get("promise"):
            reading = replace(reading, promises=tuple(self._promised(reading, promises)))
        return self.understood(reading, found) if found else reading

    def understood(self, reading: Reading, found: Understanding) -> Reading:
        """A turn that was read before with what it means; its acts stand beside the cues of phrases."""
        reading = replace(reading, found=found)
        reading = replace(reading, hits=self._with_acts(reading))
        promises = (*reading.promises, *self._promised_by_acts(reading))
        return replace(reading, promises=promises, chances=tuple(self._chances(reading)))

    def _named(self, text: str, pieces: set[str]) -> Iterator[tuple[str, Span]]:
        """Topics whose terms are said. Of terms inside one another the longest counts."""
        taken: list[Span] = []
        for _, term, topic in sorted(one for piece in pieces & self._terms.keys() for one in self._terms[piece]):
            start = text.find(term)
            end = start + len(term)
            if start < 0 or (term.isascii() and (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())):
                continue
            if not any(start < b and a < end for a, b in taken):
                taken.append((start, end))
                yield topic, (start, end)

    def _promised(
        self, reading: Reading, said: Iterable[tuple[tuple[PromiseKind, str], list[Span]]]
    ) -> Iterator[PromiseHit]:
        for (kind, by), spans in said:
            for span in spans:
                start, end = reading.sentence(span)
                before = start, min(end, span[1] + 1)  # what follows a phrase takes nothing back
                if not self._denied(reading, before):
                    yield PromiseHit(kind, by, span, self._for_today(reading, (start, end)))

    def _denied(self, reading: Reading, part: Span) -> bool:
        """Whether something in a part of a turn makes a sentence no promise."""
        return begin_in(part, reading.of_text("never", lambda: self._never(reading.text)))

    def _for_today(self, reading: Reading, part: Span) -> bool:
        """Whether something in a part of a turn sets it for the day of the call."""
        return begin_in(part, reading.of_text("same day", lambda: self._same_day(reading.text)))

    def _chances(self, reading: Reading) -> Iterator[Chance]:
        """What the sentences of a turn may promise; of a turn that an older callcore has read what is sure."""
        found = reading.found.may_promise or reading.found.acts if reading.found else ()
        for label, span in self._by_speaker(reading, found):
            act = self._acts[label.code]
            for kind in act.may_promise:
                hit = PromiseHit(kind, act.by, span, self._for_today(reading, span), act.code)
                yield Chance(hit, label.probability, self._denied(reading, span))

    def _with_acts(self, reading: Reading) -> dict[str, tuple[Span, ...]]:
        """The cues of a turn and the acts that the model has found in sentences of which no phrase told the same."""
        hits = dict(reading.hits)
        for label, span in self._acts_of(reading):
            known = hits.get(label.code, ())
            if not self._acts[label.code].promise and not any(a < span[1] and span[0] < b for a, b in known):
                hits[label.code] = tuple(sorted((*known, span)))
        return hits

    def _acts_of(self, reading: Reading) -> Iterator[tuple[Label, Span]]:
        """The acts of the side that speaks; of both where nobody knows who does."""
        return self._by_speaker(reading, reading.found.acts if reading.found else ())

    def _by_speaker(self, reading: Reading, labels: Iterable[Label]) -> Iterator[tuple[Label, Span]]:
        for label in labels:
            if label.code in self._acts and reading.speaks(self._acts[label.code].by):
                yield label, reading.characters(label.first_word, label.end_word)

    def _promised_by_acts(self, reading: Reading) -> Iterator[PromiseHit]:
        """Promises that the model has found, in sentences of which no phrase told; of several the surest."""
        told = {(hit.kind, reading.sentence(hit.span)) for hit in reading.promises}
        found = [(label, self._acts[label.code], span) for label, span in self._acts_of(reading)]
        surest: dict[tuple[Span, str], float] = {}
        for label, act, span in found:
            if act.promise:
                surest[span, act.by] = max(surest.get((span, act.by), 0.0), _odds(label))
        for label, act, span in found:
            if not act.promise or (act.promise, reading.sentence(span)) in told:
                continue
            if _odds(label) * LESS_SURE < surest[span, act.by] or self._denied(reading, span):
                continue
            yield PromiseHit(act.promise, act.by, span, self._for_today(reading, span), act.code)


def _odds(label: Label) -> float:
    return label.probability / max(1 - label.probability, 1e-4)


def _plain(raw: str) -> str:
    """Lower case, of the same length."""
    lowered = raw.lower()
    return lowered if len(lowered) == len(raw) else "".join(c.lower() if len(c.lower()) == 1 else c for c in raw)
