"""How severe a call's matter is: the first of the rules that fits (rules.toml)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from callcore.tickets.caller import SURE, USUAL, Caller
from callcore.tickets.matter import Judged, Matter
from callcore.tickets.reading import MOST_HITS, CallView, evidence_of
from callcore.tickets.rulefile import SeverityRule
from callcore.types import Evidence


def severity_of(
    call: CallView, matter: Matter, caller: Caller, resolution: Judged | None, rules: Iterable[SeverityRule]
) -> Judged | None:
    """P1 (at once) to P4; surer where something shows it. ``resolution``: what the call comes to."""
    for rule in rules:
        evidence = _shown(rule, call, matter, caller, resolution)
        if evidence is not None:
            return Judged(rule.level, SURE if evidence else USUAL, evidence[:MOST_HITS])
    return None


def _shown(
    rule: SeverityRule, call: CallView, matter: Matter, caller: Caller, resolution: Judged | None
) -> tuple[Evidence, ...] | None:
    """What shows that a rule fits, nothing of a rule without conditions; None where it does not fit."""
    evidence: tuple[Evidence, ...] = ()
    if rule.cues:
        hits = [hit for cue in rule.cues for hit in call.hits(cue)]
        if not hits:
            return None
        evidence = evidence_of(hits)
    wanted: Sequence[tuple[Sequence[str], Callable[[], Mapping[str, Judged]]]] = (
        (rule.topics, lambda: _by_code(matter.topics[:1], grouped=True)),
        (rule.categories, lambda: _by_code([matter.category])),
        (rule.causes, lambda: _by_code(caller.causes, grouped=True)),
        (rule.moods, lambda: _by_code([caller.mood_worst])),
        (rule.intents, lambda: _by_code(matter.intents(rule.intents))),
        (rule.resolutions, lambda: _by_code([resolution])),
    )
    for codes, judged in wanted:
        if codes:
            known = judged()
            found = next((known[code] for code in codes if code in known), None)
            if found is None:
                return None
            evidence = evidence or found.evidence
    return evidence


def _by_code(found: Iterable[Judged | None], *, grouped: bool = False) -> dict[str, Judged]:
    """By code, and by the first half of codes that have two."""
    codes = {judged.normal: judged for judged in found if judged}
    return codes | {code.partition(".")[0]: judged for code, judged in codes.items()} if grouped else codes
