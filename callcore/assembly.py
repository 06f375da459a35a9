"""What all calls of a process share, recorded or live, and how the pipeline of one call is put together from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from callcore.config import Settings, settings_hash
from callcore.engines.silero import SileroVad
from callcore.following import Following
from callcore.loading import LoadedModel, load_model, load_redactor, load_understander, result_settings
from callcore.orders import Filer
from callcore.pipeline import CallPipeline, CallPlan
from callcore.privacy.find import VERSION as REDACTION_RULES
from callcore.roles import RoleCues
from callcore.types import CallStarted, Role


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call before its first sample.

    ``channels``: those listened to, of the ``channel_count`` of the source. ``roles`` None: found from the words.
    ``day``: of the call; None = today.
    """

    call_id: str
    source: str
    channels: tuple[int, ...]
    channel_count: int
    rate_hz: int
    roles: Mapping[int, Role] | None = None
    day: date | None = None


class Assembly:
    """Models, voice scorer, cues, catalogue and settings. Read-only; threads may share it."""

    def __init__(self, settings: Settings, model: LoadedModel | None = None, *, live: bool = False) -> None:
        """``model``: loaded from the settings unless given.

        Raises as :func:`load_model`, :class:`ConfigError`, and :class:`SealError` for a key that cannot be had.
        """
        self.settings = settings
        redactor = load_redactor(settings) if settings.privacy.redact else None
        self.model = model or load_model(settings, live=live)
        self._cues = RoleCues.load(settings.roles.cues_file)
        taggers = redactor.taggers if redactor else None
        self._understander = load_understander(settings, taggers) if settings.understand.enabled else None
        self._following = Following.of(settings, self._understander, redactor)
        self.result_settings = result_settings(settings, self.model, self._cues, self._understander, live=live)
        if redactor:
            self.result_settings["redaction_rules"] = REDACTION_RULES
        self.settings_hash = settings_hash(self.result_settings)
        self._scorer = SileroVad()
        self._live = live

    @property
    def filer(self) -> Filer | None:
        """Makes the work orders of calls; None where no tickets are wanted."""
        rules = self._following.tickets
        return Filer.of(self.settings, rules) if rules else None

    def pipeline(self, facts: CallFacts) -> CallPipeline:
        """The pipeline of a new call."""
        day = self.settings.understand.call_date or facts.day or date.today()
        info = self.model.engine.info
        started = CallStarted(
            call_id=facts.call_id,
            source=facts.source,
            channel_count=facts.channel_count,
            rate_hz=facts.rate_hz,
            model=self.model.name,
            model_hash=self.model.model_hash,
            settings_hash=self.settings_hash,
            settings=self.result_settings,
            day=day.isoformat(),
        )
        plan = CallPlan(
            started=started,
            channels=facts.channels,
            roles=facts.roles,
            languages=info.languages,
            max_audio_s=info.max_audio_s,
            better_model=self.model.better,
            live=self._live,
        )
        understanding = finder = None
        if self._understander:
            finder = self._understander.finder()
            understanding = self._understander.call(facts.channels, day, self.settings.segment, finder)
        # of a recording, whoever wants its ticket folds the events
        followers = self._following.call(day, ticket=self._live, finder=finder)
        return CallPipeline(plan, self.settings, self._scorer, self._cues, understanding, followers)

    def close(self) -> None:
        """Free the weights."""
        self.model.engine.close()
