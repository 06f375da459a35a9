"""A short call with everything that is understood of one, written by hand."""

from __future__ import annotations

from output_records import final_of, turn_of

from callcore.types import (
    CallEnded,
    CallStarted,
    Entity,
    Event,
    Incident,
    Label,
    LanguageDecided,
    Mood,
    MoodAlert,
    Resolved,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
    samples,
)

STARTED = CallStarted("20260301-120000-abc", "calls/loss.wav", 2, 8000, "starter-zh", "ab12", "cd34", {}, "2026-03-01")
LOST = turn_of(1, 1, 0.0, 4.0, list("我的卡丢了尾号六六二八"))
ASKED = turn_of(2, 0, 4.5, 7.0, list("六六二八对吗"))
UPSET = turn_of(3, 1, 8.0, 11.0, list("对气死我了你们快点"))


def tail(turn: Turn, first: int, **more) -> Entity:
    words = turn.words[first : first + 4]
    span = words[0].start_sample, words[-1].end_sample
    return Entity("card_tail", "六六二八", "6628", 0.9, *span, first, first + 4, source="rules/zh/1", **more)


def understood(turn: Turn, **labels) -> Understanding:
    span = turn.start_sample, turn.end_sample
    return Understanding(turn.turn_id, turn.channel, *span, turn.language, in_scope=0.97, source="text@1", **labels)


MEANINGS = (
    understood(
        LOST,
        category=Label("transaction", 0.91, 0, 5),
        topics=(Label("debit_card.lost", 0.83, 2, 5),),
        intents=(Label("report_loss", 0.88, 3, 5),),
        text_mood=Mood("anxious", 0.71, -0.4, 0.5, 3, 5, "text@1"),
        mood=Mood("anxious", 0.71, -0.4, 0.5, 3, 5, "text@1"),
        entities=(tail(LOST, 7),),
    ),
    understood(ASKED, intents=(Label("confirm", 0.8),), mood=Mood("calm", 0.9, 0.3, -0.5), entities=(tail(ASKED, 0),)),
    understood(
        UPSET,
        category=Label("complaint", 0.95),
        causes=(Label("service.efficiency", 0.66),),
        caller=Label("agitated", 0.9),
        text_mood=Mood("angry", 0.93, -0.8, 0.8, 1, 5, "text@1"),
        voice_mood=Mood("", 0.4, -0.2, 0.6, source="voice@1"),
        mood=Mood("angry", 0.93, -0.7, 0.7, 1, 5, "text@1 + voice@1"),
    ),
)
RESOLVED = Resolved(1, 0, "confirmed", "6628", 3, 0.95)
ALERT = MoodAlert("worsening", 1, UPSET.end_sample, 0.88, (1, 3))
INCIDENTS = (
    Incident("interruption", 1, samples(6.5), samples(7.0), {"overlap_s": 0.5}),
    Incident("dead_air", None, samples(12.0), samples(21.0), {"length_s": 9.0}),
)


def a_call() -> list[Event]:
    """Its events in the order in which they come."""
    one, two, three = (
        (final_of(turn), turn, found) for turn, found in zip((LOST, ASKED, UPSET), MEANINGS, strict=True)
    )
    return [
        STARTED,
        RolesAssigned({0: Role.AGENT, 1: Role.CUSTOMER}, 1.0, "option"),
        LanguageDecided("zh", 0.98),
        *one,
        *two,
        INCIDENTS[0],
        *three,
        RESOLVED,
        ALERT,
        INCIDENTS[1],
        CallEnded(samples(22), 3),
    ]
