"""Models as recorded and live calls use them: found, loaded, and named in results."""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from callcore.config import Settings, settings_hash
from callcore.datafile import unreadable
from callcore.engines.base import Recogniser
from callcore.engines.card import read_card
from callcore.engines.faster_whisper import FasterWhisperEngine, WhisperFiles
from callcore.engines.tag_model import OnnxTagModel
from callcore.engines.text_model import OnnxTextModel
from callcore.engines.voice_model import VoiceMoodModel
from callcore.engines.word_model import LinearWordModel
from callcore.errors import LanguageUnsupported, ModelNotFound
from callcore.keys import load_sealer
from callcore.models.manifest import load_manifest
from callcore.models.readers import reader_folder
from callcore.models.registry import InstalledModel, resolve
from callcore.privacy import Redactor
from callcore.roles import RoleCues
from callcore.tickets import TicketRules
from callcore.tickets.chances import VERSION as CHANCES
from callcore.tickets.judge import VERSION as SIGNS
from callcore.tickets.linear import LinearModel
from callcore.tickets.traits import VERSION as TRAITS
from callcore.tickets.wording import VERSION as WORDING
from callcore.understand.acts import ActReader
from callcore.understand.call import Understander
from callcore.understand.catalogue import Catalogue
from callcore.understand.entities import prepare
from callcore.understand.entities.find import VERSION as ENTITY_RULES
from callcore.understand.entities.tagger import SecretTagger
from callcore.understand.features import VERSION as FEATURES
from callcore.understand.mood.prosody import MEASURES
from callcore.understand.tag_features import VERSION as TAG_FEATURES
from callcore.understand.text_reader import TextReader

READ = ("zh", "en")  #: languages with a text model
READ_AS = {"yue": "zh"}  #: languages read by another's model, as its entry in the manifest says


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A recogniser with what identifies its weights."""

    name: str
    model_hash: str
    engine: Recogniser
    better: str = ""  #: what to do when the model does not suit the audio


def load_model(settings: Settings, *, live: bool = False) -> LoadedModel:
    """Find and load the model that the settings name. ``live``: to be used as ``settings.live`` has it.

    Raises :class:`ModelNotFound`, :class:`ModelCorrupt`, :class:`LanguageUnsupported`, :class:`ConfigError`.
    """
    wanted = None if settings.recognise.language == "auto" else settings.recognise.language
    found = resolve(settings.recognise.model, wanted, settings.models)
    files = WhisperFiles(found.name, found.folder, frozenset(found.languages), found.window_s, found.padding_s)
    how = settings.recognise
    if live:
        how = how.model_copy(update={"bucket_s": settings.live.bucket_s})
    engine = FasterWhisperEngine(files, how, read_hotwords(how.hotwords_file), settings.live if live else None)
    if wanted and wanted not in engine.info.languages:
        engine.close()
        raise LanguageUnsupported(
            f"model {found.name} does not write {wanted!r}.",
            "Choose another model (callcore models list) or another --language.",
        )
    return LoadedModel(found.name, found.model_hash, engine, _better(found, wanted))


def _better(model: InstalledModel, language: str | None) -> str:
    if not model.synthetic_only:
        return ""
    suggestion = load_manifest().suggestion(language)
    made_for = f"{model.name} knows synthetic speech only, in {', '.join(model.languages)}."
    if language is None and len(model.languages) == 1:
        made_for += " Is the call in another language? Name it: --language CODE."
    return f"{made_for} Get a better one: callcore models pull {suggestion.name}" if suggestion else made_for


def load_understander(settings: Settings, taggers: Mapping[str, SecretTagger] | None = None) -> Understander:
    """The bank's catalogue and the models that read turns. ``taggers``: loaded unless given.

    Raises :class:`ConfigError`, :class:`ModelNotFound`, :class:`ModelCorrupt`.
    """
    how = settings.understand
    catalogue = Catalogue.of(how)
    models = {language: TextReader(OnnxTextModel(reader_folder("text", language), FEATURES)) for language in READ}
    models |= {language: models[other] for language, other in READ_AS.items()}
    voice = VoiceMoodModel(reader_folder("voice", "any"), MEASURES) if how.voice else None
    prepare(READ)  # now, and not in the first turn of a call
    return Understander(how, catalogue, models, voice, load_acts(), load_taggers() if taggers is None else taggers)


def load_acts() -> dict[str, ActReader]:
    """What finds dialogue acts, by language. Raises :class:`ModelNotFound`, :class:`ModelCorrupt`."""
    acts = {language: ActReader(OnnxTextModel(reader_folder("acts", language), FEATURES)) for language in READ}
    return acts | {language: acts[other] for language, other in READ_AS.items()}


def load_taggers() -> dict[str, SecretTagger]:
    """What finds secrets beside the rules, by language; a language without a model has its rules alone.

    Raises :class:`ModelCorrupt`.
    """
    taggers: dict[str, SecretTagger] = {}
    for language in READ:
        try:
            taggers[language] = SecretTagger(OnnxTagModel(reader_folder("secrets", language), TAG_FEATURES))
        except ModelNotFound as error:
            logging.getLogger(__name__).warning("%s Secrets are found by rules alone.", error)
    return taggers


def load_ticket_rules(settings: Settings, catalogue: Catalogue) -> TicketRules:
    """What tickets are made with: the bank's files, and the models that judge calls that are over, choose among the
    facts that were said, and tell what is promised.

    Raises :class:`ConfigError`, :class:`ModelNotFound`, :class:`ModelCorrupt`.
    """
    if not settings.tickets.judge:
        return TicketRules.load(settings.tickets, catalogue, currency=settings.understand.currency)
    judge, facts = _linear_model("judge", SIGNS), _linear_model("facts", TRAITS)
    words = LinearWordModel(reader_folder("words", "any"), WORDING)
    promises = _linear_model("promises", CHANCES)
    return TicketRules.load(
        settings.tickets, catalogue, judge, facts, words, promises, currency=settings.understand.currency
    )


def _linear_model(kind: str, features: int) -> LinearModel:
    return read_card(reader_folder(kind, "any"), LinearModel, features, "linear model")


def load_redactor(settings: Settings, taggers: Mapping[str, SecretTagger] | None = None) -> Redactor:
    """What masks secrets, with the key that seals them. ``taggers``: loaded unless given.

    Raises :class:`SealError`, :class:`ModelCorrupt`.
    """
    sealer = load_sealer(settings.privacy)
    redactor = Redactor.of(sealer, settings.understand, load_taggers() if taggers is None else taggers)
    for sample, language in (
        ("我叫李小明,三个工作日内,手机号13800138000", "zh"),
        ("my name is John, call 212 736 5000", "en"),
    ):
        redactor.text(sample, language, date(2026, 1, 1))  # now, and not in the first turn of a call
    return redactor


def settle() -> None:
    """Spare the garbage collector all that is loaded by now; before the first of many calls that are listened to.

    Else each of its full rounds walks the modules, tables and models again, and every call waits for 80 to 140 ms. What
    nothing holds any longer is freed as ever, but for what holds itself in a circle.
    """
    gc.collect()
    gc.freeze()


def result_settings(
    settings: Settings,
    model: LoadedModel,
    cues: RoleCues,
    understander: Understander | None = None,
    *,
    live: bool = False,
) -> dict[str, Any]:
    """All that can change the result of a call, ready for JSON."""
    return {
        **settings.result_settings(live=live),
        "model": model.name,
        "compute_type": model.engine.info.compute_type,
        "hotwords_hash": settings_hash({"words": read_hotwords(settings.recognise.hotwords_file)}),
        "cues_hash": settings_hash(cues.model_dump(mode="json")),
        **(_identity(understander) if understander else {}),
    }


def _identity(understander: Understander) -> dict[str, str]:
    versions = list(dict.fromkeys(model.version for model in understander.models.values()))
    versions += dict.fromkeys(reader.version for reader in understander.acts.values())
    versions += dict.fromkeys(tagger.version for tagger in understander.taggers.values())
    versions += [understander.voice.version] if understander.voice else []
    return {
        "catalogue_hash": settings_hash(understander.catalogue.model_dump(mode="json")),
        "understand_models": " ".join(versions),
        "entity_rules": ENTITY_RULES,
    }


def read_hotwords(file: Path | None) -> tuple[str, ...]:
    """Words of a hotwords file, one a line; lines that are empty or begin with # are left out.

    Raises :class:`ConfigError` when the file cannot be read as UTF-8 text.
    """
    if file is None:
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(f"hotwords file {file}", error, "Give a UTF-8 text file with one word a line.") from error
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
