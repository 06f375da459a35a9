"""Recorded words and syllables of people, and sentences spliced from them.

``python -m models.training.starter.recordings --data SHARED --out FOLDER`` reads ``words_zh`` of the shared data once
(words said by one speaker, toned syllables by another; both CC BY-SA, see the card) and keeps what splicing needs.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import soxr

from models.training.starter import psola, sounds
from models.training.starter.sounds import HAN, Unit
from models.training.starter.speech import SAMPLE_RATE_HZ, Audio, Piece, Sound, Utterance

HELD_OUT_OF = 20  #: one word in this many is kept for testing
PAUSES_S = (0.12, 0.5)
SYLLABLE_S = (0.16, 0.3)  #: how long a syllable of a spliced sentence lasts
SURE = (0.15, 0.85)  #: part of each syllable of a word whose label is sure, its bounds being guessed
JOIN = 96  #: samples over which pieces overlap
FILES = "recordings.npy", "recordings.json", "marks.npy"


@dataclass(frozen=True, slots=True)
class Recording:
    """A word as it was recorded, silence cut off. ``bounds``: at which share of it each syllable ends."""

    speaker: int
    text: str  #: empty for a syllable
    syllables: tuple[str, ...]
    audio: Audio
    marks: psola.Marks
    bounds: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.audio) / SAMPLE_RATE_HZ


def is_held_out(word: str) -> bool:
    """Whether a word's recording is kept for testing."""
    return zlib.crc32(word.encode()) % HELD_OUT_OF == 0


def trimmed(audio: Audio) -> Audio:
    """``audio`` at an RMS of 0.1 without the silence around it."""
    if len(audio) < 800:
        return audio[:0]
    frames = audio[: len(audio) // 160 * 160].reshape(-1, 160)
    power = np.sqrt(np.mean(frames**2, 1))
    loud = np.flatnonzero(power > max(0.03 * power.max(), 3 * np.percentile(power, 5)))
    if len(loud) < 8:
        return audio[:0]
    cut = audio[max(0, loud[0] - 2) * 160 : (loud[-1] + 3) * 160]
    level = float(np.sqrt(np.mean(cut**2)))
    return (cut * np.float32(0.1 / max(level, 1e-5))).astype(np.float32)


def prepare(data: Path, out: Path) -> int:
    """Read ``words_zh`` and write the three :data:`FILES`; how many recordings were kept."""
    from faster_whisper import decode_audio

    tested = _tested_words(data)
    kept: list[dict[str, object]] = []
    pieces: list[npt.NDArray[np.int16]] = []
    all_marks: list[psola.Marks] = []
    at = mark_at = 0
    for speaker, folder in enumerate(("hsk", "syllabs")):
        for file in sorted((data / "words_zh" / folder).glob("cmn-*.mp3")):
            name = file.stem.removeprefix("cmn-")
            said = _syllables(name, speaker)
            if said is None or name in tested:
                continue
            audio = trimmed(decode_audio(str(file)))
            if not len(audio) or not 0.08 * len(said) < len(audio) / SAMPLE_RATE_HZ < 0.9 + 0.5 * len(said):
                continue
            found = psola.marks(audio)
            pieces.append(np.clip(audio * 8000, -32767, 32767).astype(np.int16))
            all_marks.append(found)
            text = name if speaker == 0 else ""
            kept.append({"speaker": speaker, "text": text, "syllables": said, "at": at, "size": len(audio),
                         "mark_at": mark_at, "marks": len(found)})  # fmt: skip
            at, mark_at = at + len(audio), mark_at + len(found)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / FILES[0], np.concatenate(pieces))
    np.save(out / FILES[2], np.concatenate(all_marks))
    (out / FILES[1]).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    return len(kept)


def _syllables(name: str, speaker: int) -> list[str] | None:
    """Toned syllables of a file's name; None where it is no plain word or syllable."""
    if speaker == 1:
        plain, _ = sounds.split(name)
        return [name.replace("v", "ü")] if plain in sounds.classes() else None
    if not all(HAN.match(character) for character in name) or len(name) > 4:
        return None
    units = sounds.units(name)
    return [unit.syllables[0] for unit in units] if units else None


def _tested_words(data: Path) -> frozenset[str]:
    """Words whose recordings are among the human speech that is tested on."""
    file = data / "speech_zh" / "transcripts.tsv"
    if not file.exists():
        return frozenset()
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    return frozenset(row[1] for row in rows if row[0].startswith("hsk_words/"))


class Recordings:
    """What :func:`prepare` kept. Raises OSError where it has not been run."""

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        samples = np.load(folder / FILES[0], mmap_mode="r")
        every_mark = np.load(folder / FILES[2], mmap_mode="r")
        self.words: dict[str, list[Recording]] = {}
        self.single: tuple[dict[str, list[Recording]], dict[str, list[Recording]]] = ({}, {})
        self.all: list[Recording] = []
        for row in json.loads((folder / FILES[1]).read_text(encoding="utf-8")):
            if row["text"] and is_held_out(row["text"]) != held_out:
                continue
            audio = samples[row["at"] : row["at"] + row["size"]]
            places = every_mark[row["mark_at"] : row["mark_at"] + row["marks"]]
            count = len(row["syllables"])
            bounds = tuple(row.get("bounds") or [(index + 1) / count for index in range(count)])
            one = Recording(row["speaker"], row["text"], tuple(row["syllables"]), audio, places, bounds)
            self.all.append(one)
            if one.text:
                self.words.setdefault(one.text, []).append(one)
            if count == 1:
                self.single[one.speaker].setdefault(one.syllables[0], []).append(one)


@dataclass(frozen=True, slots=True)
class Voice:
    """One way in which a recorded speaker speaks: factors of pitch and of all frequencies, and seconds a syllable."""

    speaker: int
    pitch: float
    formants: float
    syllable_s: float
    swing: float  #: by how much the pitch wanders and falls over a sentence

    @classmethod
    def draw(cls, random: Random) -> Voice:
        """A voice: woman, man or child, fast or slow."""
        formants = random.uniform(0.8, 1.18)
        return cls(
            speaker=int(random.random() < 0.35),
            pitch=random.uniform(0.62, 1.5) / formants,
            formants=formants,
            syllable_s=random.uniform(*SYLLABLE_S),
            swing=random.uniform(0.0, 0.2),
        )


class Splicer:
    """Says units by recordings one after the other."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._classes = sounds.classes()

    def word(self, random: Random) -> Utterance | None:
        """A recorded word as it is, but for pitch, frequencies and pace."""
        one = random.choice(self._recordings.all)
        if not one.text:
            return None
        voice = Voice.draw(random)
        units = [Unit(character, (said,)) for character, said in zip(one.text, one.syllables, strict=True)]
        natural = one.seconds / len(one.syllables) * random.uniform(0.75, 1.05)
        return self._joined([(units, one)], Voice(0, voice.pitch, voice.formants, natural, voice.swing), random)

    def say(self, units: Sequence[Unit], voice: Voice, random: Random) -> Utterance | None:
        """The units said; None where a syllable was never recorded."""
        chosen: list[tuple[Sequence[Unit], Recording | None]] = []
        index = 0
        while index < len(units):
            if not units[index].syllables:
                chosen.append((units[index : index + 1], None))
                index += 1
                continue
            taken, one = self._longest(units, index, voice.speaker, random)
            if one is None:
                return None
            chosen.append((units[index : index + taken], one))
            index += taken
        return self._joined(chosen, voice, random)

    def _longest(self, units: Sequence[Unit], index: int, speaker: int, random: Random) -> tuple[int, Recording | None]:
        """How many units the longest recording of them covers, and it."""
        if speaker == 0:
            for length in (4, 3, 2):
                part = units[index : index + length]
                found = self._recordings.words.get("".join(unit.text for unit in part))
                if len(part) == length and found and found[0].syllables == tuple(s for u in part for s in u.syllables):
                    return length, random.choice(found)
        if len(units[index].syllables) != 1:
            return 0, None
        syllable = units[index].syllables[0].replace("v", "ü")
        singles = self._recordings.single[speaker]
        found = singles.get(syllable) or (singles.get(syllable[:-1] + "1") if syllable.endswith("5") else None)
        return 1, random.choice(found) if found else None

    def _joined(
        self, chosen: Sequence[tuple[Sequence[Unit], Recording | None]], voice: Voice, random: Random
    ) -> Utterance:
        audio: list[Audio] = []
        pieces: list[Piece] = []
        spoken: list[Sound] = []
        at, total = 0, len(chosen)
        for number, (units, one) in enumerate(chosen):
            now = at / SAMPLE_RATE_HZ
            if one is None:
                pieces.append(Piece(units[0].text, now, now))
                if number + 1 < total:
                    silence = np.zeros(round(random.uniform(*PAUSES_S) * SAMPLE_RATE_HZ), np.float32)
                    audio.append(silence)
                    at += len(silence)
                continue
            part = self._shaped(one, len(units), voice, number / max(total, 1), random)
            if audio and len(part) > 2 * JOIN:
                ramp = np.linspace(0, 1, JOIN, dtype=np.float32)
                part[:JOIN] *= ramp
                part[-JOIN:] *= ramp[::-1]
            self._note(units, one, now, len(part) / SAMPLE_RATE_HZ, pieces, spoken)
            audio.append(part)
            at += len(part)
        return Utterance(np.concatenate(audio), tuple(pieces), tuple(spoken))

    def _shaped(self, one: Recording, count: int, voice: Voice, place: float, random: Random) -> Audio:
        wanted = voice.syllable_s * count * random.uniform(0.8, 1.25) * (1.15 if place > 0.85 else 1.0)
        duration = float(np.clip(wanted / one.seconds, 0.28, 1.3))
        pitch = voice.pitch * (1 + voice.swing * (0.5 - place) + random.gauss(0, 0.03 + voice.swing / 6))
        source = np.asarray(one.audio, np.float32) / 8000
        shaped = psola.reshaped(source, one.marks, duration * voice.formants, float(np.clip(pitch, 0.5, 2.0)))
        if abs(voice.formants - 1) < 0.01:
            return shaped
        return soxr.resample(shaped, SAMPLE_RATE_HZ * voice.formants, SAMPLE_RATE_HZ, quality="LQ").astype(np.float32)

    def _note(
        self, units: Sequence[Unit], one: Recording, start: float, length: float, pieces: list[Piece],
        spoken: list[Sound],
    ) -> None:  # fmt: skip
        """Pieces and sounds of a recording; near bounds that are guessed the sound is not known (class 0)."""
        before = 0.0
        for unit, syllable, bound in zip(units, one.syllables, one.bounds, strict=True):
            begin, end = start + before * length, start + bound * length
            pieces.append(Piece(unit.text, begin, end))
            plain, tone = sounds.split(syllable)
            sure_from = begin + (end - begin) * (SURE[0] if before else 0.0)
            sure_to = begin + (end - begin) * (SURE[1] if bound < 1 else 1.0)
            spoken += [Sound(0, 0, begin, end), Sound(self._classes[plain], tone, sure_from, sure_to)]
            before = bound


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the recordings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    print(f"{prepare(options.data, options.out)} recordings in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
