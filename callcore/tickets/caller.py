"""How the caller is: type, mood over the call, causes of dissatisfaction, satisfaction, whether they may leave."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from callcore.tickets.matter import CLOSING, NO_VERDICTS, Judged, Matter, Support, Verdicts, unless_judged
from callcore.tickets.reading import MOST_HITS, CallView, Reading, evidence_of
from callcore.types import Mood

LEAST_LETTERS = 4  #: a turn with less says nothing of a mood
LEAST_MOOD = 0.5  #: probability below which a turn's mood does not count
SHORT = 12  #: letters of a turn that is no more than a form of politeness
BAD_VALENCE = -0.3
LEAST_CAUSE = 0.55
LEAST_LEAVE = 0.7
LAST_MOODS = 2  #: turns with a mood that make its end
ENDING = 4  #: last turns of the customer, in which it shows how they take it
SURE_UPSET = 0.75  #: probability of an upset mood where nothing else in the call tells of blame
BAD = ("angry", "dissatisfied", "disappointed", "anxious")
UPSET = ("angry", "dissatisfied", "disappointed")
HINTS = {"takes_all": "stated", "long_here": "possible"}  #: words that tell of a risk that they leave
SURE, USUAL = 0.85, 0.7  #: confidence of rules of words, and of what holds where nothing says otherwise


def ease(mood: Mood) -> float:
    """How much at ease somebody is: the worst mood has the least."""
    return mood.valence - max(mood.arousal, 0.0) / 2


class Caller:
    """The customer of one call. Lives as long as one look at it."""

    def __init__(self, call: CallView, matter: Matter, verdicts: Verdicts = NO_VERDICTS) -> None:
        self._call, self._matter, self.verdicts = call, matter, verdicts

    @unless_judged("caller.type")
    def type(self) -> Judged | None:
        """Agitated, confused, demanding, or none of them."""
        if not self._call.customer:
            return None
        upset = [reading for reading, mood in self._moods if mood.label in ("angry", "dissatisfied")]
        if upset:
            return Judged("agitated", SURE, tuple(reading.at() for reading in upset[:MOST_HITS]))
        for code in ("confused", "demanding"):
            if found := self._labelled(code):
                return Judged(code, max(p for _, p in found), tuple(reading.at() for reading, _ in found[:MOST_HITS]))
        return Judged("none", USUAL, ())

    def _labelled(self, code: str) -> list[tuple[Reading, float]]:
        """Turns that show a type of caller."""
        return [
            (reading, reading.found.caller.probability)
            for reading in self._call.customer
            if reading.found and reading.found.caller and reading.found.caller.code == code
        ]

    @unless_judged("caller.mood_start")
    def mood_start(self) -> Judged | None:
        """Of the first turn with something to say."""
        return self._mood(*self._moods[0]) if self._moods else None

    @unless_judged("caller.mood_worst")
    def mood_worst(self) -> Judged | None:
        """Of the turn that is worst."""
        if not self._moods:
            return None
        return self._mood(*min(self._moods, key=lambda one: ease(one[1])))

    @unless_judged("caller.mood_end")
    def mood_end(self) -> Judged | None:
        """Of the last turns: the last mood there that is not calm."""
        last = self._moods[-LAST_MOODS:]
        return self._mood(*next((one for one in reversed(last) if one[1].label != "calm"), last[-1])) if last else None

    @cached_property
    def causes(self) -> list[Judged]:
        """Why they are dissatisfied, surest first."""
        if "caller.causes" in self.verdicts.several:
            return list(self.verdicts.several["caller.causes"])
        if not self._unhappy:
            return []
        ranked = sorted(self.cause_supports.items(), key=lambda item: (-item[1].best, item[0]))
        return [Judged(c, round(s.best, 4), s.evidence) for c, s in ranked if s.best >= LEAST_CAUSE][:2]

    @cached_property
    def cause_supports(self) -> dict[str, Support]:
        """What speaks for each cause."""
        supports: dict[str, Support] = {}
        for reading in self._call.customer:
            for label in reading.found.causes if reading.found else ():
                support = supports.setdefault(label.code, Support())
                support.add(label.probability, label.probability, reading.labelled(label))
        return supports

    @unless_judged("caller.satisfaction")
    def satisfaction(self) -> Judged | None:
        """Satisfied or unsatisfied, where the last words tell."""
        if not self._call.customer:
            return None
        last = {reading.turn.turn_id for reading in self._call.customer[-ENDING:]}
        good = [hit for hit in self._call.hits("satisfied") if hit[0].turn.turn_id in last]
        bad = [hit for hit in self._call.hits("unsatisfied") if hit[0].turn.turn_id in last]
        latest = max([*good, *bad], key=lambda hit: (hit[0].order, hit[1]), default=None)
        if latest is not None and latest in good and self._calm_end:
            return Judged("satisfied", SURE, (latest[0].at(latest[1]),))
        if latest is not None and latest in bad:
            return Judged("unsatisfied", SURE, (latest[0].at(latest[1]),))
        end = self.mood_end
        if end and end.normal in UPSET:
            return Judged("unsatisfied", USUAL, end.evidence)
        if end and end.normal == "pleased":
            return Judged("satisfied", USUAL, end.evidence)
        return None

    @cached_property
    def churn_risk(self) -> Judged | None:
        """Stated, possible or none; none only where no words tell otherwise, whatever is judged of it."""
        risk = self._risk
        if risk is None or risk.normal != "none":
            return risk
        for code, value in HINTS.items():
            if said := self._call.hits(code):
                return Judged(value, USUAL, evidence_of(said))
        return risk

    @unless_judged("caller.churn_risk")
    def _risk(self) -> Judged | None:
        """By what is judged, else by words."""
        if not self._call.customer:
            return None
        stated, possible = self._call.hits("leaving"), self._call.hits("may_leave")
        closing = any(judged.normal in CLOSING for judged in self._matter.topics[:1])
        if closing and not self._unhappy and not self._labelled_leaving:  # an account that is not needed any more
            stated = [hit for hit in stated if not any(word in hit[0].text[slice(*hit[1])] for word in CLOSES)]
        if stated:
            return Judged("stated", SURE, evidence_of(stated))
        if possible:
            return Judged("possible", SURE, evidence_of(possible))
        if self._labelled_leaving and self._unhappy:
            return Judged("possible", USUAL, tuple(reading.at() for reading in self._labelled_leaving[:2]))
        return Judged("none", USUAL, ())

    @cached_property
    def retention_tried(self) -> Judged | None:
        """Yes or no, where there is a risk that they leave."""
        if self.churn_risk is None or self.churn_risk.normal == "none":
            return None
        tried = [*self._call.hits("retention"), *self._call.hits("asked_to_stay")]
        return Judged("yes", SURE, evidence_of(tried)) if tried else Judged("no", USUAL, ())

    @cached_property
    def _moods(self) -> list[tuple[Reading, Mood]]:
        """Moods of the customer's turns that have something to say, in order."""
        found = []
        for reading in self._call.customer:
            mood = self._mood_of(reading)
            if mood is not None:
                found.append((reading, mood))
        return found

    def _mood_of(self, reading: Reading) -> Mood | None:
        """The mood of a turn, None where it has none to speak of."""
        found = reading.found
        if found is None or found.mood is None or reading.letters < LEAST_LETTERS:
            return None
        mood = found.mood
        if mood.label == "pleased" and "satisfied" not in reading.hits and reading.letters <= SHORT:
            return replace(mood, label="calm")  # a plain thank-you is a matter of form
        agitated = found.caller is not None and found.caller.code == "agitated"
        if agitated and self._matter.blame and mood.valence <= BAD_VALENCE and mood.label not in UPSET:
            return replace(mood, label="dissatisfied", probability=max(mood.probability, LEAST_MOOD))
        if mood.label in UPSET and not self._matter.blame and mood.probability < SURE_UPSET:
            return None
        return mood if mood.label and mood.probability >= LEAST_MOOD else None

    @property
    def _calm_end(self) -> bool:
        return self.mood_end is None or self.mood_end.normal not in BAD

    @cached_property
    def _unhappy(self) -> bool:
        """Whether they were dissatisfied with the bank at some time."""
        category = self._matter.category
        complains = category is not None and category.normal == "complaint"
        upset = sum(mood.label in UPSET for _, mood in self._moods)
        return complains or upset > 1 or bool(self._call.hits("unsatisfied"))

    @cached_property
    def _labelled_leaving(self) -> list[Reading]:
        return [
            reading
            for reading in self._call.customer
            if reading.found and any(i.code == "leave" and i.probability >= LEAST_LEAVE for i in reading.found.intents)
        ]

    @staticmethod
    def _mood(reading: Reading, mood: Mood) -> Judged:
        return Judged(mood.label, mood.probability, (reading.labelled(mood),))


CLOSES = ("销", "clos")
