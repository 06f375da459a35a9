"""How a call was handled: severity, department, authority, resolution, transfer, follow-up."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cached_property

from callcore.tickets.caller import SURE, USUAL, Caller
from callcore.tickets.deadlines import works_in
from callcore.tickets.matter import NO_VERDICTS, Judged, Matter, Verdicts, unless_judged
from callcore.tickets.promises import Promises, channel_in
from callcore.tickets.reading import MOST_HITS, CallView, Reading, Span, evidence_of
from callcore.tickets.rulefile import RuleFile
from callcore.tickets.severity import severity_of
from callcore.types import Promise, Role
from callcore.understand.catalogue import Catalogue
from callcore.understand.entities.calendar import add_working_days

BANK_OWES = ("call_back", "handle", "refund")  #: promises that leave a matter open
ANSWERS = ("call_back", "handle")
OPEN = ("transferred", "promised")  #: results after which something is left to do
AGENTS_OWN = ("solved", "promised", "unresolved")  #: results by which nobody else has the matter
NOTED = ("praise", "suggestion")  #: what is dealt with once it is taken down
LEAVES = frozenset({"closing", "thanks"})  #: cues of who takes leave
USUAL_CONTACT = "phone"
BROKEN_TURNS = 2  #: the last turns, in which a call is broken off
FINAL_TURNS = 4  #: the last turns, in which a call is closed


class Handling:
    """What was done about the matter of one call. Lives as long as one look at it."""

    def __init__(
        self,
        call: CallView,
        matter: Matter,
        caller: Caller,
        promises: Promises,
        rules: RuleFile,
        catalogue: Catalogue,
        verdicts: Verdicts = NO_VERDICTS,
        due: Judged | None = None,
    ) -> None:
        """``due``: by when the bank has said that it gets back."""
        self._call, self._matter, self._caller, self.verdicts = call, matter, caller, verdicts
        self._promises, self._rules, self._catalogue = promises, rules, catalogue
        self._due = due

    @property
    def promises(self) -> tuple[Promise, ...]:
        """Of both sides."""
        return self._promises.all

    @cached_property
    def resolution(self) -> Judged | None:
        """How the matter stands; whatever is judged of it, nothing was solved that nobody answered, and whose it is now
        those tell of whom the agent says that they get back to the customer.
        """
        if self._unanswered:
            return Judged("unresolved", USUAL, (self._unanswered.at(),))
        result, taken = self._result, self._taken_over
        if taken and (result is None or result.normal in AGENTS_OWN):
            return Judged("transferred", SURE, evidence_of(taken))
        if result and result.normal == "transferred" and not taken and (own := self._call.hits("own_answer")):
            return Judged("promised", SURE, evidence_of(own))
        return result

    @unless_judged("handling.resolution")
    def _result(self) -> Judged | None:
        """solved, transferred, promised, unresolved or abandoned; while the call goes on only what is certain."""
        category = self._matter.category
        noted = category is not None and category.normal in NOTED
        answered = any(promise.due or promise.kind == "call_back" for promise in self._owed)
        if self._broken:
            return Judged("abandoned", SURE, (self._broken.at(),))
        if (
            (transfers := self._call.hits("transfer"))
            and (answered or not noted)
            and not self._done_after(transfers[-1][0])
        ):
            return Judged("transferred", SURE, evidence_of(transfers))
        if noted and self._call.ended:
            return Judged("solved", USUAL, category.evidence if category else ())
        solved = self._call.hits("solved")
        owes = ANSWERS if solved else BANK_OWES  # what only takes its course, such as a refund that is booked, is done
        if owed := [promise for promise in self._owed if promise.kind in owes]:
            return Judged("promised", SURE, owed[0].evidence[:MOST_HITS])
        if solved:
            return Judged("solved", SURE, evidence_of(solved[-MOST_HITS:]))
        if not self._call.ended:
            return None
        complains = category is not None and category.normal == "complaint"
        if self._owed and (complains or any(promise.kind != "send" for promise in self._owed)):
            return Judged("promised", USUAL, self._owed[0].evidence[:MOST_HITS])
        if self._owed:  # what is in the post is done
            return Judged("solved", USUAL, self._owed[0].evidence[:MOST_HITS])
        if (refused := self._call.hits("unresolved")) and not self._content:
            return Judged("unresolved", SURE, evidence_of(refused[-1:]))
        return self._without_words

    @cached_property
    def route(self) -> Judged | None:
        """The department that the matter was handed to."""
        if self.resolution is None or self.resolution.normal != "transferred":
            return None
        transfers = self._handed_on
        for reading, span in transfers:
            if found := self._named_department(reading, span, first=True):
                return found
            if found := self._named_department(reading, reading.sentence(span)):
                return found
        for reading in dict.fromkeys(reading for reading, _ in self._call.hits("beyond")):
            if found := self._named_department(reading, (0, len(reading.text))):
                return found
        usual = self._usual_department
        places = evidence_of(transfers) or self.resolution.evidence
        return Judged(usual.normal, USUAL, places) if usual else None

    @cached_property
    def department(self) -> Judged | None:
        """In charge: that which the matter was handed to, else that of topic, causes and category."""
        return self.route or self._usual_department

    @unless_judged("handling.authority")
    def authority(self) -> Judged | None:
        """Within what the agent may do, or beyond."""
        if beyond := self._call.hits("beyond"):
            return Judged("beyond", SURE, evidence_of(beyond))
        if self.resolution and self.resolution.normal == "transferred":
            return Judged("beyond", USUAL, self.resolution.evidence)
        return Judged("within", USUAL, ()) if self._call.agent else None

    @unless_judged("handling.severity")
    def severity(self) -> Judged | None:
        """P1 (at once) to P4, by the first rule that fits."""
        return severity_of(self._call, self._matter, self._caller, self.resolution, self._rules.severity)

    @cached_property
    def transfer_reason(self) -> Judged | None:
        """The agent's words for why somebody else has to do it."""
        transfers = self._handed_on if self.route else ()
        if not transfers:
            return None
        near = {reading.turn.turn_id for reading, _ in transfers}
        reasons = [hit for cue in ("beyond", "reason") for hit in self._call.hits(cue)]
        reading, span = next((hit for hit in reasons if hit[0].turn.turn_id in near), (reasons or transfers)[0])
        sentence = reading.sentence(span)
        words = reading.quote(sentence)
        return Judged(words, USUAL, (reading.at(sentence),), words) if words else None

    @cached_property
    def transfer_deadline(self) -> Judged | None:
        """Until when somebody answers, where the matter was handed on."""
        return self._due if self.route else None

    @cached_property
    def transfer_contact(self) -> Judged | None:
        """The channel by which the customer is reached, where the matter was handed on."""
        if not self.route:
            return None
        answers = [promise for promise in self._owed if promise.kind in ANSWERS]
        for promise in answers:
            if said := channel_in(self._call.turns[promise.evidence[0].turn_id], self._call):
                return Judged(said, SURE, promise.evidence[:1])
        places = answers[0].evidence[:1] if answers else self.route.evidence
        return Judged(USUAL_CONTACT, USUAL, places)  # who has rung up is rung back, unless something else is said

    @cached_property
    def followup_owner(self) -> Judged | None:
        """Who tells the customer where the matter stands: a department, or the agent."""
        if self.resolution is None or self.resolution.normal not in OPEN:
            return None
        if self.route:
            return Judged(self.route.normal, USUAL, self.route.evidence)
        return Judged("agent", USUAL, self.resolution.evidence)

    @cached_property
    def followup_due(self) -> Judged | None:
        """When, as promised; where nothing was promised, by the term of the severity."""
        if self.resolution is None or self.resolution.normal not in OPEN:
            return None
        if self._due:
            return self._due
        try:
            day = datetime.date.fromisoformat(self._call.day)
        except ValueError:
            return None
        days = self._rules.follow_up.working_days.get(self.severity.normal if self.severity else "P4", 5)  # type: ignore[call-overload]
        due = add_working_days(day, days, works_in(self._call.language))
        return Judged(due.isoformat(), USUAL, self.resolution.evidence)

    @cached_property
    def _owed(self) -> list[Promise]:
        """What the bank has promised."""
        return [promise for promise in self._promises.all if promise.by is Role.AGENT]

    @cached_property
    def _taken_over(self) -> Sequence[tuple[Reading, Span]]:
        """Where the agent says that others have the matter now or get back to the customer; not of what is only noted,
        nor where the agent did it after all.
        """
        category, taken = self._matter.category, self._call.hits("taken_over")
        noted = category is not None and category.normal in NOTED
        return () if noted or (taken and self._done_after(taken[-1][0])) else taken

    @cached_property
    def _handed_on(self) -> Sequence[tuple[Reading, Span]]:
        """Where the agent hands the matter on; where no words tell, what shows that it was."""
        if said := (*self._call.hits("transfer"), *self._taken_over):
            return said
        shown = [self._call.turns[place.turn_id] for place in self.resolution.evidence] if self.resolution else []
        return [(reading, (0, len(reading.text))) for reading in shown if reading.agent]

    @property
    def _without_words(self) -> Judged:
        """The resolution of a call that is over and in which nobody says what it came to."""
        category = self._matter.category
        last = self._call.readings[-FINAL_TURNS:]
        if not _closed(last) and (not last or last[-1].customer):
            return Judged("abandoned", USUAL, (last[-1].at(),) if last else ())
        accepted = [reading for reading in last if reading.customer and {"thanks", "accepted"} & set(reading.hits)]
        unsatisfied = self._caller.satisfaction is not None and self._caller.satisfaction.normal == "unsatisfied"
        asked = self._content or category is None or category.normal != "complaint"
        if (asked and accepted) or (asked and not unsatisfied):
            return Judged("solved", USUAL, tuple(reading.at() for reading in accepted[:1]))
        return Judged("unresolved", USUAL, (last[-1].at(),) if last else ())

    @cached_property
    def _broken(self) -> Reading | None:
        """The turn with which the customer broke off a call that is over, and which nobody closed."""
        last = self._call.readings[-FINAL_TURNS:] if self._call.ended else ()
        if _closed(last):
            return None
        late = (reading for reading in last[-BROKEN_TURNS:] if reading.customer)
        return next((reading for reading in late if "broke_off" in reading.hits), None)

    @cached_property
    def _unanswered(self) -> Reading | None:
        """The turn of a call that is over in which the customer says what for, and upon which the agent says nothing,
        or hardly more than yes and goodbye to what is no question.
        """
        call, category = self._call, self._matter.category
        noted = category is not None and category.normal in NOTED
        if not call.ended or noted or any(reading.role is Role.UNKNOWN for reading in call.readings):
            return None
        said = next(iter(self._matter.opening or (one for one in call.customer if not one.is_bare)), None)
        if said is None or said.asks():
            return None
        later = (one for one in call.agent if one.order > said.order)
        return None if any(not one.is_bare or one.hits.keys() - LEAVES for one in later) else said

    @property
    def _content(self) -> bool:
        """Whether the customer is satisfied at the end."""
        return self._caller.satisfaction is not None and self._caller.satisfaction.normal == "satisfied"

    def _done_after(self, handed_on: Reading) -> bool:
        """Whether the agent did it after all, once it had been said that others would, and owes nothing more."""
        done = any(reading.order > handed_on.order for reading, _ in self._call.hits("carried_out"))
        return done and self._content and not any(promise.kind in ANSWERS for promise in self._owed)

    @cached_property
    def _usual_department(self) -> Judged | None:
        topics, causes = self._matter.topics, self._caller.causes
        category = self._matter.category
        code = self._catalogue.department(
            [topic.normal for topic in topics[:1]],
            [cause.normal for cause in causes if category and category.normal == "complaint"],
            category.normal if category else "",
        )
        if not code:
            return None
        places = topics[0].evidence if topics else causes[0].evidence if causes else ()
        return Judged(code, topics[0].confidence if topics else USUAL, places)

    def _named_department(self, reading: Reading, span: Span, *, first: bool = False) -> Judged | None:
        """The department that is named last, or ``first``, in a part of a turn."""
        text = reading.text[span[0] : span[1]]
        named = [(text.rfind(name), len(name), code) for name, code in self._names if name in text]
        if not named:
            return None
        place, length, code = max(named, key=lambda one: (-one[0] if first else one[0], *one[1:]))
        start = span[0] + place
        return Judged(code, SURE, (reading.at((start, start + length)),))

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        own = [(name.lower(), one.code) for one in self._catalogue.routing.department for name in (one.zh, one.en)]
        known = {code for _, code in own}
        aliases = [(n.lower(), code) for code, names in self._rules.departments.items() if code in known for n in names]
        return own + aliases


def _closed(last: Sequence[Reading]) -> bool:
    """Whether somebody takes leave in the ``last`` turns."""
    return any("closing" in reading.hits or "thanks" in reading.hits for reading in last)
