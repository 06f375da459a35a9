"""A recording decoded at leisure by the weights that are measured: what live text is held against.

Runs in a process of its own, so that the memory of the run that is measured holds nothing of it, and keeps its answers
in files beside the results: they hold what was said.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from callcore.audio import content_sha256
from callcore.batch.transcriber import Transcriber
from callcore.bench.reference import Reference, ReferenceTurn, Timed, build_reference, timed_units
from callcore.config import Settings
from callcore.errors import CallcoreError, ConfigError, OutputError
from callcore.evaluate.normalise import normaliser_for
from callcore.types import seconds

BEAM_SIZE = 5


@dataclass(frozen=True, slots=True)
class OfflineTurn:
    """A turn of the recording; words as text, start and end in seconds."""

    channel: int
    start_s: float
    end_s: float
    text: str
    words: tuple[Timed, ...]


@dataclass(frozen=True, slots=True)
class Offline:
    """What a model made of a whole recording."""

    model: str
    model_hash: str
    duration_s: float
    turns: tuple[OfflineTurn, ...]

    def texts(self) -> dict[int, str]:
        """Text by channel."""
        channels = sorted({turn.channel for turn in self.turns})
        return {c: " ".join(turn.text for turn in self.turns if turn.channel == c) for c in channels}


def decode_offline(
    paths: Sequence[Path], settings: Settings, folder: Path, told: Callable[[int], None] = lambda _: None
) -> dict[Path, Offline]:
    """Decode recordings with beam 5; ``folder`` keeps the answers by audio, weights and settings.

    ``told``: after each recording, how many are done. Raises ``CallcoreError`` as
    :class:`~callcore.batch.transcriber.Transcriber` does.
    """
    recognise = settings.recognise.model_copy(update={"beam_size": BEAM_SIZE})
    wanted = settings.unredacted().model_copy(update={"recognise": recognise})
    found: dict[Path, Offline] = {}
    try:
        with ProcessPoolExecutor(1, get_context("spawn"), _leave_on_interrupt) as pool:
            for path in dict.fromkeys(paths):
                found[path] = pool.submit(_decode, path, wanted, folder).result()
                told(len(found))
    except BrokenProcessPool as error:
        raise CallcoreError("the process that decodes the recordings died.", "Is there memory enough?") from error
    return found


_transcribers: dict[str, Transcriber] = {}  # of the child process: one model for all recordings


def _leave_on_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at once and without a word: the other process says what happened


def _decode(path: Path, settings: Settings, folder: Path) -> Offline:
    key = settings.model_dump_json()
    transcriber = _transcribers.get(key) or _transcribers.setdefault(key, Transcriber(settings))
    digest = content_sha256(path)
    file = folder / f"{digest[:16]}-{transcriber.model.model_hash[:12]}-{transcriber.settings_hash}.json"
    if file.is_file():
        return _from_json(file)
    record = transcriber.record(path)
    turns = tuple(
        OfflineTurn(
            turn.channel,
            seconds(turn.start_sample),
            seconds(turn.words[-1].end_sample),
            turn.text,
            tuple((word.text, seconds(word.start_sample), seconds(word.end_sample)) for word in turn.words),
        )
        for turn in record.turns
    )
    answer = Offline(transcriber.model.name, transcriber.model.model_hash, seconds(record.sample_count), turns)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(answer), ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.", "Name another place with --out.") from error
    return answer


def _from_json(file: Path) -> Offline:
    values = json.loads(file.read_text(encoding="utf-8"))
    turns = tuple(
        OfflineTurn(t["channel"], t["start_s"], t["end_s"], t["text"], tuple((w[0], w[1], w[2]) for w in t["words"]))
        for t in values["turns"]
    )
    return Offline(values["model"], values["model_hash"], values["duration_s"], turns)


def recognised_reference(offline: Offline, channel_count: int) -> Reference:
    """A reference made of the offline text itself: its error rate is 0 by definition, its times are the model's."""
    turns = [(turn.channel, ReferenceTurn(turn.start_s, turn.end_s, turn.text), turn.words) for turn in offline.turns]
    return build_reference(turns, channel_count, offline.duration_s, f"recognised by {offline.model}")


def aligned_reference(transcript: Path, offline: Offline, channel_count: int) -> Reference:
    """A reference from a transcript without word times: they are taken from the offline text.

    ``transcript``: JSON with ``turns`` of ``channel`` and ``text``, in order. Words that the model got right take its
    times; those between share the time between them. Raises :class:`ConfigError`.
    """
    try:
        values = json.loads(transcript.read_text(encoding="utf-8"))
        spoken = [(int(turn["channel"]), str(turn["text"])) for turn in values["turns"]]
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"transcript {transcript} cannot be used ({type(error).__name__}).", "See docs/bench.md for the format."
        ) from error
    turns: list[tuple[int, ReferenceTurn, list[Timed]]] = []
    for channel in range(channel_count):
        texts = [text for number, text in spoken if number == channel]
        timed = [word for turn in offline.turns if turn.channel == channel for word in turn.words]
        turns += [(channel, turn, words) for turn, words in _placed(texts, timed)]
    return build_reference(turns, channel_count, offline.duration_s, f"transcript, timed by {offline.model}")


def _placed(texts: Sequence[str], timed: Sequence[Timed]) -> list[tuple[ReferenceTurn, list[Timed]]]:
    """Texts of one channel, in order, with times for their units."""
    normaliser = normaliser_for("", " ".join(texts))
    units = [normaliser.units(text) for text in texts]
    whole = timed_units([unit for part in units for unit in part], timed, normaliser)
    placed = []
    position = 0
    for text, part in zip(texts, units, strict=True):
        words = whole[position : position + len(part)]
        position += len(part)
        if words:
            placed.append((ReferenceTurn(words[0][1], words[-1][2], text), words))
    return placed


def has_times(reference: Path) -> bool:
    """Whether a reference file tells when words were said; a file that cannot be read is left to its reader."""
    try:
        turns: list[dict[str, Any]] = json.loads(reference.read_text(encoding="utf-8"))["turns"]
        return all("words" in turn or "char_onsets" in turn for turn in turns)
    except (OSError, ValueError, KeyError, TypeError):
        return True
