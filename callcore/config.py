"""All settings and their defaults, once.

Order of precedence: defaults here < settings file (TOML) < environment (``CALLCORE_SECTION__KEY``) < command line.
Nothing else in callcore reads the environment for settings.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from callcore.errors import ConfigError

ENVIRONMENT_PREFIX = "CALLCORE_"
ENVIRONMENT_ONLY = (("privacy", "key"),)  #: a settings file is read by others, copied and kept in version control
ALL_SETTINGS = "See docs/settings.md for all settings."
ADDRESS, CURRENCY, REGION = "^(https?://.+)?$", "^([A-Z]{3})?$", "^([A-Z]{2})?$"
PATTERNS = {
    ADDRESS: "an address begins with http:// or https://",
    CURRENCY: "a currency has three capital letters, such as CNY",
    REGION: "a region has two capital letters, such as CN",
}  #: what to say of a value that does not fit


class Section(BaseModel):
    """A group of settings: immutable, unknown keys and infinite numbers refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AudioSettings(Section):
    """Which channel is whose, and how raw PCM is to be read."""

    agent_channel: int | None = Field(None, ge=0, description="channel of the agent, counted from 0")
    customer_channel: int | None = Field(None, ge=0, description="channel of the customer, counted from 0")
    downmix: bool = Field(False, description="mix all channels to one before anything else")
    frame_ms: int = Field(20, ge=5, le=1000, description="length of the frames handed to the pipeline")

    @model_validator(mode="after")
    def _channels_fit_together(self) -> Self:
        stated = [number for number in (self.agent_channel, self.customer_channel) if number is not None]
        if self.downmix and stated:
            raise PydanticCustomError(
                "channels",
                "channels that are mixed to one (downmix, --mono) cannot be stated as the agent's or the customer's",
            )
        if len(set(stated)) < len(stated):
            raise PydanticCustomError(
                "channels",
                "agent_channel and customer_channel are both {channel}; for a call on one channel state neither",
                {"channel": stated[0]},
            )
        return self


class SegmentSettings(Section):
    """Voice activity detection and endpointing. Probabilities are Silero's."""

    onset_probability: float = Field(0.35, gt=0, lt=1, description="speech starts above this")
    offset_probability: float = Field(0.25, gt=0, lt=1, description="speech ends below this")
    min_speech_ms: int = Field(160, ge=0, description="shorter bursts are not speech")
    hangover_ms: int = Field(400, ge=0, description="silence needed to end a segment")
    pre_roll_ms: int = Field(200, ge=0, description="audio kept before the onset")
    post_roll_ms: int = Field(160, ge=0, description="audio kept after the last speech")
    max_segment_s: float = Field(20.0, gt=1, le=30, description="longer speech is cut at its best pause")
    gate: bool = Field(True, description="faint sound that webrtcvad does not take for speech either is no speech")
    gate_level_dbfs: float = Field(-55.0, ge=-120, le=0, description="the gate judges windows below this level only")
    min_mean_probability: float = Field(0.35, ge=0, lt=1, description="a segment with a lower mean is not speech")
    block_windows: int = Field(16, ge=1, le=64, description="32 ms windows scored in one call of the VAD")


class RecogniseSettings(Section):
    """The recogniser and how it is asked."""

    model: str = Field("auto", description="name, size, hub id or folder; auto = best installed for the language")
    language: str = Field("auto", description="zh, en, ... or auto")
    language_scope: Literal["call", "channel"] = Field("call", description="detect once a call or once a channel")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto = CUDA where there is a usable GPU")
    compute_type: str = Field("auto", description="int8, int8_float16, float16, float32 or auto")
    workers: int = Field(0, ge=0, description="decoding threads of one core each; 0 = one per core")
    beam_size: int = Field(5, ge=1, le=10, description="hypotheses kept while decoding; 1 = greedy")
    batch_size: int = Field(0, ge=0, le=64, description="windows of equal length decoded together; 0 = chosen")
    bucket_s: float = Field(2.0, gt=0, le=5, description="window lengths are rounded up to multiples of this")
    padding_s: float | None = Field(None, ge=0, le=30, description="silence after the audio; None = the model's dial")
    tokens_per_s: float = Field(8.0, gt=0, description="token cap per second of window; + 8")
    fallback_temperatures: tuple[float, ...] = Field(
        (0.4, 0.8), description="batch only: sampling temperatures tried when a text is refused"
    )
    hotwords_file: Path | None = Field(None, description="one product, branch or name a line")
    initial_prompt: str = Field("", description="text the recogniser takes as said before; sets style and spelling")
    max_compression_ratio: float = Field(2.4, gt=1, description="above this a text is a repetition loop")
    min_avg_logprob: float = Field(-1.0, lt=0, description="below this a text is doubtful")
    min_avg_logprob_weak: float = Field(-0.6, lt=0, description="the same where the VAD too is unsure of a voice")
    no_speech_probability: float = Field(0.6, gt=0, le=1, description="above this, doubtful text is phantom text")


class TextSettings(Section):
    """How transcripts are written."""

    script: Literal["simplified", "traditional", "keep"] = Field("simplified", description="Chinese characters")
    punctuation: Literal["restore", "keep", "none"] = Field(
        "restore", description="restore what the recogniser left out, keep its own, or none at all"
    )
    space_han_latin: bool = Field(True, description="a space between Han characters and Latin words")


class RoleSettings(Section):
    """Who is agent and who customer, where no option says so."""

    min_confidence: float = Field(0.8, ge=0.5, le=1, description="below this the roles stay unknown")
    swap_confidence: float = Field(0.95, ge=0.5, le=1, description="above this, words against the options are reported")
    cues_file: Path | None = Field(None, description="your own cues (TOML, docs/roles.md)")


class TurnSettings(Section):
    """How segments become turns."""

    max_gap_s: float = Field(1.2, ge=0, description="a longer silence of the speaker starts a new turn")
    max_backchannel_s: float = Field(0.8, ge=0, description="a shorter say of the other party does not end a turn")


class UnderstandSettings(Section):
    """What is read from every turn beside its words: business, mood, facts, and the course of the conversation."""

    enabled: bool = Field(True, description="read meaning, mood and facts from every turn")
    taxonomy_file: Path | None = Field(None, description="your own categories, topics, intents (TOML)")
    causes_file: Path | None = Field(None, description="your own causes of dissatisfaction (TOML)")
    routing_file: Path | None = Field(None, description="your own departments (TOML)")
    voice: bool = Field(True, description="hear the mood in the voice as well")
    call_date: date | None = Field(
        None, description="date of the calls, which 'tomorrow' is counted from; None = the recording's, or today"
    )
    currency: str = Field("", pattern=CURRENCY, description="of bare amounts; empty = CNY, USD in English")
    region: str = Field("", pattern=REGION, description="of telephone numbers; empty = CN, US in English")
    preview_interval_ms: int = Field(500, ge=100, description="live: speech between two previews of an open segment")
    interruption_ms: int = Field(600, ge=100, description="speech over the other's that is more than a back-channel")
    dead_air_s: float = Field(8.0, gt=0, description="silence of both sides that is dead air")
    hold_s: float = Field(25.0, gt=0, description="silence of both sides, or music, that is a hold")


class PrivacySettings(Section):
    """What is masked before anything leaves a call, who may see originals, and the key that seals them."""

    redact: bool = Field(True, description="mask numbers, names and addresses of people in all that leaves a call")
    key: SecretStr | None = Field(None, description="key of the sealed originals; only in the environment")
    key_file: Path | None = Field(None, description="file with the key (callcore privacy init)")
    key_command: str = Field("", description="program that prints the key: the door to a key manager")
    roles: dict[str, Literal["agent", "supervisor", "admin"]] = Field({}, description="user name to role")
    reveal_roles: tuple[str, ...] = Field(("supervisor", "admin"), description="roles that may see originals")


class TicketSettings(Section):
    """The ticket that fills itself while a call goes on; needs what is read from every turn (understand)."""

    enabled: bool = Field(True, description="fill a ticket")
    fields_file: Path | None = Field(None, description="your own fields (TOML, docs/tickets.md)")
    cues_file: Path | None = Field(None, description="your own words that tell how a call goes (TOML)")
    promises_file: Path | None = Field(None, description="your own words of promises (TOML)")
    topics_file: Path | None = Field(None, description="your own words of topics (TOML)")
    rules_file: Path | None = Field(None, description="your own rules: severity, terms, weights (TOML)")
    judge: bool = Field(True, description="learned models choose facts and promises and judge calls; else rules alone")
    rewrite_url: str = Field(
        "", pattern=ADDRESS, description="local language model that rewrites summaries; ends in /v1"
    )
    rewrite_model: str = Field("", description="name of that model")
    rewrite_timeout_s: float = Field(20.0, gt=0, description="longest wait for it")


class StoreSettings(Section):
    """The database."""

    db: Path | None = Field(None, description="SQLite file; None = callcore.db in the user's data folder")
    busy_timeout_s: float = Field(15.0, ge=0, description="wait for another program that writes")


class WebhookSettings(Section):
    """Where work orders are sent."""

    url: str = Field("", pattern=ADDRESS, description="address that takes work orders; empty = none")
    secret: SecretStr | None = Field(None, description="base64 key that signs them; better in the environment")
    timeout_s: float = Field(10.0, gt=0, le=300, description="longest wait for an answer")


class ModelSettings(Section):
    """Where models lie and come from."""

    folder: Path | None = Field(None, description="folder of installed models; None = models in the user's data folder")
    hub_endpoint: str | None = Field(
        None, description="Hugging Face hub or mirror; None = HF_ENDPOINT, or the hub's own"
    )
    modelscope_endpoint: str = Field("https://modelscope.cn", description="ModelScope or a mirror of it")
    timeout_s: float = Field(30.0, gt=0, description="longest silence of a hub before a download is tried again")


class BatchSettings(Section):
    """The batch job."""

    jobs: int = Field(0, ge=0, description="files worked on at once; 0 = chosen from the cores")
    group_s: float = Field(60.0, gt=0, description="audio of a call gathered before it is decoded")


class LiveSettings(Section):
    """Live calls: how soon text is shown, committed and made final, and how much the machine takes on."""

    partial_model: str = Field("", description="smaller model for what is still being said; empty = the same model")
    partial_interval_ms: int = Field(300, ge=100, le=5000, description="speech between two updates, when load permits")
    max_partial_interval_ms: int = Field(1000, ge=100, le=10_000, description="the same under the heaviest load")
    partial_padding_s: float | None = Field(
        None, ge=0, le=30, description="silence after the audio of an update; None = the model's dial"
    )
    window_s: float = Field(6.0, ge=2, le=30, description="an update looks back so far, if words before it are stable")
    history_tokens: int = Field(0, ge=0, le=200, description="tokens of stable text given with a window cut shorter")
    commit_margin_ms: int = Field(300, ge=0, description="a word this far behind the newest sound may become stable")
    commit_probability: float = Field(0.6, ge=0, le=1, description="a word below this needs two equal readings")
    agree_probability: float = Field(0.45, ge=0, le=1, description="... and below this also some time, ...")
    doubt_ms: int = Field(1000, ge=0, description="... so much of it since the word ended")
    show_probability: float = Field(0.6, ge=0, le=1, description="the newest words are not shown below this")
    bucket_s: float = Field(0.5, gt=0, le=5, description="window lengths of live decodes are multiples of this")
    hangover_ms: int = Field(320, ge=96, description="silence needed to end a segment")
    other_speaks_ms: int = Field(600, ge=0, description="once the other party has spoken this long, ...")
    short_hangover_ms: int = Field(224, ge=96, description="... this much silence ends a segment")
    speculate: bool = Field(True, description="decode the final as soon as its audio is there, before it is sure")
    max_calls: int = Field(0, ge=0, description="calls at once; 0 = as many as the measured speed allows")
    busy_share: float = Field(0.8, gt=0, le=1, description="share of the workers' time that may be used")
    refresh_share: float = Field(
        0.15, gt=0, le=1, description="of a worker, for one speaker's updates; at most twice the interval"
    )
    buffer_s: float = Field(30.0, gt=0, description="audio of a call that may wait when the machine does not keep up")
    hangup_silence_s: float = Field(0.0, ge=0, description="silence after speech that ends the call; 0 = never")


class Settings(Section):
    """Everything."""

    audio: AudioSettings = AudioSettings()
    segment: SegmentSettings = SegmentSettings()
    recognise: RecogniseSettings = RecogniseSettings()
    text: TextSettings = TextSettings()
    roles: RoleSettings = RoleSettings()
    turns: TurnSettings = TurnSettings()
    understand: UnderstandSettings = UnderstandSettings()
    privacy: PrivacySettings = PrivacySettings()
    tickets: TicketSettings = TicketSettings()
    store: StoreSettings = StoreSettings()
    webhook: WebhookSettings = WebhookSettings()
    models: ModelSettings = ModelSettings()
    batch: BatchSettings = BatchSettings()
    live: LiveSettings = LiveSettings()

    def unredacted(self) -> Settings:
        """The same without redaction: for measurements of recognition, which compare words and store no call."""
        return self.model_copy(update={"privacy": self.privacy.model_copy(update={"redact": False})})

    def result_settings(self, *, live: bool = False) -> dict[str, Any]:
        """The settings that can change a transcript, ready for JSON: no thread counts, no places of files.

        ``live``: with those of live calls, which recorded calls know nothing of.

        Whoever reads the files named in settings (hotwords, cues, catalogue) adds what they hold.
        """
        everything = self.model_dump(
            mode="json", exclude={"store": True, "models": True, "batch": True, "webhook": True}
        )
        if live:
            for key in ("max_calls", "busy_share", "refresh_share", "buffer_s", "hangup_silence_s"):
                everything["live"].pop(key)
        else:
            everything.pop("live")
        for key in ("device", "workers", "batch_size", "model", "hotwords_file"):
            everything["recognise"].pop(key)
        everything["roles"].pop("cues_file")
        everything["privacy"] = {"redact": self.privacy.redact}
        everything.pop("tickets")  # they change no event: whoever folds events to a ticket names the rules
        for key in ("taxonomy_file", "causes_file", "routing_file", "call_date"):
            everything["understand"].pop(key)
        return everything


def settings_hash(values: Mapping[str, Any]) -> str:
    """SHA-256 (first 16 hex digits) of settings in canonical JSON."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def load_settings(file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from file, environment and command line, each before the one named ahead of it.

    ``overrides``: nested mapping, section to key to value. Raises :class:`ConfigError` naming the first wrong key.
    """

    class Layered(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the base class names it)
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            in_file = TomlConfigSettingsSource(settings_cls, toml_file=file)
            _check_no_key(in_file.toml_data)
            return init_settings, env_settings, in_file

    _check_environment()
    try:
        if file is not None and not file.is_file():
            why = "is a folder" if file.is_dir() else "does not exist"
            raise ConfigError(f"settings file {file} {why}.", "Check the path given to --settings.")
        return Settings.model_validate(Layered(**(overrides or {})).model_dump())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file {file}: {error}", "See docs/settings.md for the format.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"settings file {file} is no TOML: {error}", ALL_SETTINGS) from error
    except (ValidationError, SettingsError) as error:
        raise _first_problem(error) from error


def _check_no_key(values: Mapping[str, Any]) -> None:
    """Raises :class:`ConfigError` for a settings file that holds what belongs into the environment."""
    for section, key in ENVIRONMENT_ONLY:
        named = values.get(section)
        if isinstance(named, Mapping) and key in named:
            raise ConfigError(
                f"setting {section}.{key} may not stand in a settings file.",
                f"Set {ENVIRONMENT_PREFIX}{section.upper()}__{key.upper()}, or name a file with {section}.{key}_file.",
            )


def _first_problem(error: ValidationError | SettingsError) -> ConfigError:
    if isinstance(error, SettingsError):
        return ConfigError(str(error), ALL_SETTINGS)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(f"there is no setting {where}.", _near(where))
    return ConfigError(f"setting {where}: {_said(error)}", ALL_SETTINGS)


def _near(name: str) -> str:
    """What to do about a setting or section that there is not."""
    section, _, key = name.partition(".")
    fields = _section(section).model_fields if section in Settings.model_fields else {}
    known = [f"{section}.{one}" for one in fields] if key else list(Settings.model_fields)
    near = get_close_matches(name, known, 1)
    return f"Did you mean {near[0]}? {ALL_SETTINGS}" if near else ALL_SETTINGS


def _said(error: ValidationError) -> str:
    first = error.errors()[0]
    return PATTERNS.get(first.get("ctx", {}).get("pattern", ""), first["msg"])


def _section(name: str) -> type[BaseModel]:
    return type(getattr(Settings(), name))


def section_problem(section: str, values: Mapping[str, Any]) -> str:
    """What is wrong with the first wrong one of some values of a section; "" if nothing is."""
    try:
        _section(section).model_validate(values)
    except ValidationError as error:
        return _said(error)
    return ""


def _check_environment() -> None:
    """Raises :class:`ConfigError` for variables that look like settings and are none, or that cannot be read."""
    for variable, value in os.environ.items():
        if not variable.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        section, *keys = variable.upper().removeprefix(ENVIRONMENT_PREFIX).casefold().split("__")
        if not keys and section not in Settings.model_fields:
            continue  # something of other programs
        fields = _section(section).model_fields if section in Settings.model_fields else {}
        if keys and keys[0] not in fields:
            raise ConfigError(
                f"environment variable {variable}: there is no setting {'.'.join([section, *keys])}.",
                _near(f"{section}.{keys[0]}"),
            )
        if not keys or (len(keys) == 1 and get_origin(fields[keys[0]].annotation) in (dict, tuple)):
            _check_json(variable, value)


def _check_json(variable: str, value: str) -> None:
    try:
        json.loads(value)
    except ValueError as error:
        raise ConfigError(
            f"environment variable {variable}: its value is no JSON.", 'Write ["one", "two"] or {"name": "value"}.'
        ) from error
