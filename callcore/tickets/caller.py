"""How the caller is: type, mood over the call, causes of dissatisfaction, satisfaction, whether they may leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from callcore.tickets.matter import Judged, Matter, Support
from callcore.tickets.reading import CallView, Reading, Span
from callcore.types import Evidence, Mood

LEAST_LETTERS = 4  #: a turn with less says nothing of a mood
LEAST_MOOD = 0.5  #: probability below which a turn's mood does not count
LEAST_CAUSE = 0.55
LEAST_LEAVE = 0.7
TYPES = ("agitated", "confused", "demanding")
BAD = ("angry", "dissatisfied", "disappointed", "anxious")
UPSET = ("angry", "dissatisfied", "disappointed")
QUESTIONS = 4  #: turns that ask something which make a caller demanding
SURE, USUAL = 0.85, 0.7  #: confidence of rules of words, and of what holds where nothing says otherwise


class Caller:
    """The customer of one call. Lives as long as one look at it."""

    def __init__(self, call: CallView, matter: Matter) -> None:
        self._call, self._matter = call, matter

    @cached_property
    def type(self) -> Judged | None:
        """agitated, confused, demanding, or none of them."""
        if not self._call.customer:
            return None
        supports = {code: Support() for code in TYPES}
        for reading in self._call.customer:
            label = reading.found.caller if reading.found else None
            if label and label.code in supports:
                place = reading.evidence(label.first_word, label.end_word)
                supports[label.code].add(label.probability, label.probability, place)
        upset = [reading for reading, mood in self._moods if mood.label in ("angry", "dissatisfied")]
        if len(upset) > 1 or (upset and supports["agitated"].weight):
            supports["agitated"].add(1.0, SURE, upset[0].at())
        best = max(TYPES, key=lambda code: supports[code].weight)
        if supports[best].weight < 1.0:
            return Judged("none", USUAL, ())
        return Judged(best, min(0.95, 0.4 + supports[best].weight / 4), supports[best].evidence)

    @cached_property
    def mood_start(self) -> Judged | None:
        """Of the first turn with something to say."""
        return self._mood(*self._moods[0]) if self._moods else None

    @cached_property
    def mood_worst(self) -> Judged | None:
        """Of the turn that is worst."""
        if not self._moods:
            return None
        return self._mood(*min(self._moods, key=lambda one: (one[1].valence - max(one[1].arousal, 0.0) / 2)))

    @cached_property
    def mood_end(self) -> Judged | None:
        """Of the last turn with something to say."""
        return self._mood(*self._moods[-1]) if self._moods else None

    @cached_property
    def causes(self) -> list[Judged]:
        """Why they are dissatisfied, surest first."""
        supports: dict[str, Support] = {}
        for reading in self._call.customer:
            for label in reading.found.causes if reading.found else ():
                support = supports.setdefault(label.code, Support())
                place = reading.evidence(label.first_word, label.end_word)
                support.add(label.probability, label.probability, place)
        if not self._unhappy:
            return []
        ranked = sorted(supports.items(), key=lambda item: (-item[1].best, item[0]))
        return [Judged(c, round(s.best, 4), s.evidence) for c, s in ranked if s.best >= LEAST_CAUSE][:2]

    @cached_property
    def satisfaction(self) -> Judged | None:
        """satisfied, neutral or unsatisfied, by the last words that tell."""
        if not self._call.customer:
            return None
        last = self._call.customer[-1].order
        good = [hit for hit in self._call.hits("satisfied", "customer")]
        bad = [hit for hit in self._call.hits("unsatisfied", "customer")]
        end = self.mood_end
        latest = max([*good, *bad], key=lambda hit: (hit[0].order, hit[1]), default=None)
        if latest is not None and latest in good and (not bad or latest[0].order == last or self._calm_end):
            return Judged("satisfied", SURE, (latest[0].at(latest[1]),))
        if self._unhappy and not (end and end.normal == "pleased"):
            places = (latest[0].at(latest[1]),) if latest and latest in bad else self._worst_place
            return Judged("unsatisfied", SURE if bad else USUAL, places)
        if end and end.normal == "pleased" and not self._only_thanks:
            return Judged("satisfied", USUAL, end.evidence)
        return Judged("neutral", USUAL, ())

    @cached_property
    def churn_risk(self) -> Judged | None:
        """stated, possible or none."""
        if not self._call.customer:
            return None
        stated, possible = list(self._call.hits("leaving", "customer")), list(self._call.hits("may_leave", "customer"))
        closing = any(judged.normal in CLOSING_TOPICS for judged in self._matter.topics[:1])
        stated = [hit for hit in stated if not any(hit[0] is other[0] for other in possible)]
        if stated and (self._unhappy or not closing or self._labelled_leaving):
            return Judged("stated", SURE, _places(stated))
        if possible:
            return Judged("possible", SURE, _places(possible))
        if self._labelled_leaving and self._unhappy:
            return Judged("possible", USUAL, tuple(reading.at() for reading in self._labelled_leaving[:2]))
        return Judged("none", USUAL, ())

    @cached_property
    def retention_tried(self) -> Judged | None:
        """yes or no, where there is a risk that they leave."""
        if self.churn_risk is None or self.churn_risk.normal == "none":
            return None
        tried = list(self._call.hits("retention", "agent"))
        return Judged("yes", SURE, _places(tried)) if tried else Judged("no", USUAL, ())

    @cached_property
    def _moods(self) -> list[tuple[Reading, Mood]]:
        """Moods of the customer's turns that have something to say, in order."""
        found = []
        for reading in self._call.customer:
            mood = reading.found.mood if reading.found else None
            letters = sum(map(str.isalnum, reading.text))
            if mood and mood.label and mood.probability >= LEAST_MOOD and letters >= LEAST_LETTERS:
                found.append((reading, mood))
        return found

    @property
    def _calm_end(self) -> bool:
        return self.mood_end is None or self.mood_end.normal not in BAD

    @cached_property
    def _unhappy(self) -> bool:
        """Whether they were dissatisfied with the bank at some time."""
        category = self._matter.category
        complains = category is not None and category.normal == "complaint"
        upset = sum(mood.label in UPSET for _, mood in self._moods)
        return complains or upset > 1 or any(True for _ in self._call.hits("unsatisfied", "customer"))

    @property
    def _only_thanks(self) -> bool:
        """Whether the pleased end is no more than a usual thank-you."""
        end = self._moods[-1][0]
        return "thanks" in end.hits and "satisfied" not in end.hits

    @property
    def _worst_place(self) -> tuple[Evidence, ...]:
        return self.mood_worst.evidence if self.mood_worst else ()

    @cached_property
    def _labelled_leaving(self) -> list[Reading]:
        return [
            reading
            for reading in self._call.customer
            if reading.found and any(l.code == "leave" and l.probability >= LEAST_LEAVE for l in reading.found.intents)
        ]

    @staticmethod
    def _mood(reading: Reading, mood: Mood) -> Judged:
        return Judged(mood.label, mood.probability, (reading.evidence(mood.first_word, mood.end_word),))


CLOSING_TOPICS = ("account.open_close", "credit_card.cancel")  #: where closing is the matter, and no threat


def _places(hits: Sequence[tuple[Reading, Span]]) -> tuple[Evidence, ...]:
    return tuple(reading.at(span) for reading, span in hits[:3])
