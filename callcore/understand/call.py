"""What is understood of one call, turn by turn: a fold over its events. No I/O, no clock; time is the sample count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from callcore.config import SegmentSettings, UnderstandSettings
from callcore.text.chars import language_of
from callcore.types import (
    SAMPLE_RATE_HZ,
    Entity,
    Event,
    Final,
    Label,
    Mood,
    MoodAlert,
    Partial,
    Paused,
    Rejected,
    Resumed,
    Role,
    RolesAssigned,
    Samples,
    Turn,
    Understanding,
    UnderstandingPreview,
    Word,
    text_of,
)
from callcore.understand.acts import ActReader
from callcore.understand.base import TextModel, VoiceModel
from callcore.understand.catalogue import Catalogue
from callcore.understand.dynamics import Dynamics, DynamicsSnapshot
from callcore.understand.entities import CallEntities, Context, Finder, find
from callcore.understand.entities.tagger import SecretTagger
from callcore.understand.features import Features, See, features
from callcore.understand.labels import judge
from callcore.understand.latest import Latest
from callcore.understand.mood.course import MoodCourse
from callcore.understand.mood.fusion import fuse
from callcore.understand.mood.voice import VoiceTracker


@dataclass(frozen=True, slots=True)
class Understander:
    """What all calls share: the bank's catalogue and the models. Read-only."""

    settings: UnderstandSettings
    catalogue: Catalogue
    models: Mapping[str, TextModel]  #: by language; a language without one gets entities only
    voice: VoiceModel | None = None
    acts: Mapping[str, ActReader] = field(default_factory=dict)  #: by language
    taggers: Mapping[str, SecretTagger] = field(default_factory=dict)  #: by language, heard beside the rules

    def finder(self) -> Finder:
        """What entities and secrets of a new call are looked for with, by its meaning and by its redaction."""
        return Finder(self.taggers)

    def call(
        self, channels: Sequence[int], day: date, segment: SegmentSettings, finder: Finder | None = None
    ) -> CallUnderstanding:
        """The understanding of a new call.

        ``day``: of the call, to which relative times are resolved. ``segment``: of the segmenter it hears from.
        ``finder``: of the call, where others look with it as well.
        """
        return CallUnderstanding(self, channels, day, segment, finder or self.finder())

    def context(self, day: date) -> Context:
        """What the rules for entities know beside the words."""
        own = {term: topic.code for term, topic in self.catalogue.own_terms}
        return Context(day, self.settings.currency, self.settings.region, products=own)

    def language_of(self, text: str) -> str:
        """The language of a text that comes without one, by its script."""
        return language_of(text)

    def read(self, words: Sequence[Word], language: str, context: Context, before: str = "") -> Understanding:
        """What a text means by itself: one speaker's ``words``; ``before``: what the same speaker said just before.

        Its place in a call (``turn_id``, ``channel``) is left at 0.
        """
        entities = find(words, language, context) if words else ()
        return replace(self.labelled(words, language, before), entities=entities)

    def labelled(self, words: Sequence[Word], language: str, before: str = "", see: See = features) -> Understanding:
        """The same without its entities: what the text model makes of it."""
        start, end = (words[0].start_sample, words[-1].end_sample) if words else (0, 0)
        model = self.models.get(language.partition("-")[0])
        text = text_of(words)
        if model is None or not any(map(str.isalnum, text)):  # of marks alone a model can only guess
            return Understanding(0, 0, start, end, language, in_scope=0.0)
        judged = judge(model.score(words, before, see), model.thresholds, self.catalogue, text, model.version)
        return Understanding(
            0,
            0,
            start,
            end,
            language,
            category=judged.category,
            topics=judged.topics,
            intents=judged.intents,
            causes=judged.causes,
            caller=judged.caller,
            in_scope=judged.in_scope,
            text_mood=judged.mood,
            mood=judged.mood,
            scores=judged.scores,
            source=model.version,
        )

    def meaning(
        self,
        turn: Turn,
        entities: tuple[Entity, ...],
        voice: Mood | None,
        labelled: Understanding | None = None,
        see: See = features,
    ) -> Understanding:
        """What a turn of a call means, where its entities and the mood of its voice are known.

        ``labelled``: as :meth:`labelled` gives it for the turn, where that is known as well.
        """
        found = labelled or self.labelled(turn.words, turn.language, see=see)
        acts, may_promise = self._acts(turn.words, turn.language, see)
        return replace(
            found,
            entities=entities,
            turn_id=turn.turn_id,
            channel=turn.channel,
            start_sample=turn.start_sample,
            end_sample=turn.end_sample,
            acts=acts,
            may_promise=may_promise,
            voice_mood=voice,
            mood=fuse(found.text_mood, voice),
        )

    def acts_of(self, words: Sequence[Word], language: str, see: See = features) -> tuple[Label, ...]:
        """What the sentences of a turn do; nothing where no model reads the language."""
        return self._acts(words, language, see)[0]

    def _acts(self, words: Sequence[Word], language: str, see: See) -> tuple[tuple[Label, ...], tuple[Label, ...]]:
        """What the sentences of a turn do, and what they may promise."""
        reader = self.acts.get(language.partition("-")[0])
        if reader is None or not words:
            return (), ()
        likely = reader.likely(words, see)
        return reader.sure(likely), reader.promises(likely)


class CallUnderstanding:
    """One call. Events in, understanding out; audio is heard once, for the tone of voices and for music."""

    def __init__(
        self,
        understander: Understander,
        channels: Sequence[int],
        day: date,
        segment: SegmentSettings,
        finder: Finder,
    ) -> None:
        self._understander = understander
        self._context = understander.context(day)
        self._finder = finder
        self._entities = CallEntities(self._context, finder)
        self._labelled: Latest[tuple[tuple[Word, ...], str], Understanding] = Latest()
        self._seen: Latest[str, Features] = Latest()
        self._voices = VoiceTracker(understander.voice, channels) if understander.voice else None
        self._courses = {channel: MoodCourse(channel) for channel in channels}
        self._roles: Mapping[int, Role] | None = None  #: None: nobody has said yet who is who
        self._alerts: list[MoodAlert] = []  #: not told yet
        self._dynamics = Dynamics(channels, understander.settings, segment)
        self._previewed: dict[int, int] = {}  #: end of the audio behind the channel's last preview
        self._preview_every = understander.settings.preview_interval_ms * SAMPLE_RATE_HZ // 1000

    def opened(self, channel: int, start_sample: int) -> None:
        """Somebody begins to speak."""
        self._dynamics.opened(channel, start_sample)

    def sounded(self, channel: int, start_sample: int, audio: Samples) -> None:
        """The next audio of a channel, shape (n,), float32, 16 kHz."""
        self._dynamics.sounded(channel, start_sample, audio)

    def closed(self, segment_id: str, channel: int, start_sample: int, audio: Samples) -> None:
        """A segment has ended: ``audio``, shape (n,), float32, 16 kHz, from ``start_sample`` on."""
        self._dynamics.closed(channel, start_sample, start_sample + len(audio))
        if self._voices:
            self._voices.heard(segment_id, channel, audio)

    def advance(self, position: int) -> list[Event]:
        """No segment that is yet to be opened begins before ``position``; all audio up to it was handed in."""
        return [*self._dynamics.advance(position)]

    def take(self, event: Event) -> list[Event]:
        """The next event of the call; returns what follows from it."""
        match event:
            case Partial():
                return self._preview(event)
            case Final():
                self._dynamics.said(event)
                self._previewed.pop(event.channel, None)
                return [self._heard(event)] if event.words else []
            case Turn():
                return self._turn(event)
            case Rejected():
                self._dynamics.refused(event.channel, event.start_sample, event.end_sample)
            case RolesAssigned():
                self._roles = event.roles
                return self._told_alerts(event.roles)
            case Paused():
                self._dynamics.paused(event.start_sample)
            case Resumed():
                self._dynamics.resumed(event.start_sample)
        return []

    def finish(self, sample_count: int) -> list[Event]:
        """The call has ended at ``sample_count``."""
        return [*self._told_alerts(self._roles or {}), *self._dynamics.finish(sample_count)]

    def dynamics(self, position: int) -> DynamicsSnapshot:
        """The course of the conversation up to ``position``."""
        return self._dynamics.snapshot(position)

    def _preview(self, partial: Partial) -> list[Event]:
        shown = self._previewed.get(partial.channel, partial.start_sample)
        if not partial.stable or partial.end_sample - shown < self._preview_every:
            return []
        self._previewed[partial.channel] = partial.end_sample
        return [_preview_of(partial, self._understander.read(partial.stable, partial.language, self._context))]

    def _heard(self, final: Final) -> UnderstandingPreview:
        entities = self._finder.by_rules(final.words, final.language, self._context).entities
        return _preview_of(final, replace(self._labels(final.words, final.language), entities=entities))

    def _labels(self, words: Sequence[Word], language: str) -> Understanding:
        """What the text model makes of a final, and of the turn that is made of it: read once."""
        key = tuple(words), language
        return self._labelled.of(key, lambda: self._understander.labelled(words, language, see=self._see))

    def _see(self, text: str) -> Features:
        """Features of a text: a turn of one sentence is read by two models."""
        return self._seen.of(text, lambda: features(text))

    def _turn(self, turn: Turn) -> list[Event]:
        speaker = (self._roles or {}).get(turn.channel, Role.UNKNOWN)
        entities, resolved = self._entities.read(turn, speaker)
        voice = self._voices.mood(turn.channel, turn.segment_ids) if self._voices else None
        labelled = self._labels(turn.words, turn.language)
        understanding = self._understander.meaning(turn, entities, voice, labelled, self._see)
        alert = self._courses[turn.channel].add(understanding)
        if alert:
            self._alerts.append(alert)
        told = [] if self._roles is None else self._told_alerts(self._roles)
        return [understanding, *resolved, *told]

    def _told_alerts(self, roles: Mapping[int, Role]) -> list[Event]:
        """Alerts that have waited, but for the agent's: whose tone is told turn by turn, alerts are about customers."""
        told: list[Event] = [alert for alert in self._alerts if roles.get(alert.channel) is not Role.AGENT]
        self._alerts.clear()
        return told


def _preview_of(event: Partial | Final, found: Understanding) -> UnderstandingPreview:
    return UnderstandingPreview(event.segment_id, replace(found, turn_id=-1, channel=event.channel))
