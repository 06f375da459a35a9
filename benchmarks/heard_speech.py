"""Mandarin test sentences said by espeak-ng over a telephone line, and what the starter model hears.

    python -m benchmarks.heard_speech                   # writes benchmarks/results/heard_zh.tsv, or goes on with it

Every sentence is said once: from pinyin with tones, by one of the voices below at a drawn rate and pitch, through a
band of 300 to 3400 Hz, with pink noise at a drawn distance, in G.711 A-law or mu-law at 8 kHz. It is recognised as any
recording is, by ``callcore.batch``. Sentences that the file already holds are not said again.

This runs apart from what reads the texts: it loads pypinyin with its phrases, which callcore does without, and sounds
are features of the text models.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zlib import crc32

import av
import cn2an
import numpy as np
import soxr
from rich.progress import track
from scipy.signal import butter, sosfilt

from benchmarks.common import ROOT, Samples
from benchmarks.heard_texts import COLUMNS, SETS, Heard, heard_line, read_heard, repair
from callcore.batch.transcriber import Transcriber
from callcore.config import load_settings
from callcore.evaluate.entities import read_set
from callcore.evaluate.labelled import read_corpus
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.paths import labelled_turns_folder
from callcore.types import text_of

HEARD = ROOT / "benchmarks" / "results" / "heard_zh.tsv"
VOICE = "cmn-latn-pinyin"
VARIANTS = ("", *(f"+m{i}" for i in range(1, 9)), *(f"+f{i}" for i in range(1, 6)))
RATES_WPM, PITCHES = (130, 190), (30, 70)
SNRS_DB = (40, 30, 20, 15)
LINE_HZ = 8_000
BAND_HZ = (300, 3400)
SPEECH_RMS = 0.08  #: full scale 1
EDGE_S = 0.5  #: of line noise before and after

_HAN_DIGITS = "零一二三四五六七八九"
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_EXPIRY = re.compile(r"(?<!\d)(\d{2})/(\d{2})(?!\d)")
_GROUPS = re.compile(r"\+?\d+(?:[ -]\d+)+")
_LONG = re.compile(r"(?<![\d.])\d{4,}(?![\d.]|[块元万亿%])")
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Way:
    """How a sentence is said."""

    variant: str
    rate_wpm: int
    pitch: int
    snr_db: int
    codec: str
    seed: int

    @classmethod
    def of(cls, text: str) -> Way:
        """Drawn, and the same for the same text."""
        random = Random(crc32(text.encode()))
        return cls(
            random.choice(VARIANTS),
            random.randint(*RATES_WPM),
            random.randint(*PITCHES),
            random.choice(SNRS_DB),
            random.choice(("pcm_alaw", "pcm_mulaw")),
            random.getrandbits(32),
        )


def one_by_one(digits: str) -> str:
    """Every ASCII digit of a text as a Han digit, all else as it is."""
    return _DIGIT.sub(lambda match: _HAN_DIGITS[int(match[0])], digits)


def spoken_form(text: str) -> str:
    """``text`` with its digits in words: long numbers and groups digit by digit, amounts and dates as numbers."""
    text = _EMAIL.sub(lambda match: one_by_one(match[0]).replace("@", "艾特").replace(".", "点"), text)
    text = _CLOCK.sub(lambda match: f"{match[1]}点" + (f"{match[2]}分" if match[2] != "00" else ""), text)
    text = _EXPIRY.sub(lambda match: one_by_one(match[1]) + "斜杠" + one_by_one(match[2]), text)
    text = _GROUPS.sub(lambda match: re.sub("[ +-]", "", one_by_one(match[0])), text)
    text = _LONG.sub(lambda match: one_by_one(match[0]), text)
    if _DIGIT.search(text):
        text = cn2an.transform(text, "an2cn")
    return one_by_one(text)


def pinyin(said: str) -> str:
    """Syllables with the number of their tone; marks stay, so that the voice pauses."""
    from pypinyin import Style, lazy_pinyin

    marks = str.maketrans("，。？！；：、", ",.?!;:,")
    return " ".join(lazy_pinyin(said.translate(marks), style=Style.TONE3, neutral_tone_with_five=True))


def say(said: str, way: Way) -> Samples:
    """Speech of espeak-ng, shape (n,), float32, 8 kHz."""
    command = ["espeak-ng", "-v", VOICE + way.variant, "-s", str(way.rate_wpm), "-p", str(way.pitch), "--stdout"]
    done = subprocess.run(command, input=pinyin(said).encode(), check=True, capture_output=True)
    with av.open(io.BytesIO(done.stdout), "r") as container:
        rate_hz = container.streams.audio[0].rate
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    audio = np.concatenate(frames).astype(np.float32) / 32_768
    return np.asarray(soxr.resample(audio, rate_hz, LINE_HZ), dtype=np.float32)


def over_the_line(speech: Samples, way: Way) -> Samples:
    """``speech`` at :data:`SPEECH_RMS` in the telephone's band, with noise all along; shape (n,), float32, 8 kHz."""
    random = np.random.default_rng(way.seed)
    edge = np.zeros(round(EDGE_S * LINE_HZ), dtype=np.float32)
    speech = np.concatenate([edge, speech * (SPEECH_RMS / max(float(np.sqrt(np.mean(speech**2))), 1e-6)), edge])
    spectrum = np.fft.rfft(random.standard_normal(len(speech)))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(speech))
    noise *= SPEECH_RMS * 10 ** (-way.snr_db / 20) / np.sqrt(np.mean(noise**2))
    band = butter(4, BAND_HZ, "bandpass", fs=LINE_HZ, output="sos")
    return np.asarray(np.clip(sosfilt(band, speech + noise), -1, 1), dtype=np.float32)


def telephone_file(audio: Samples, codec: str) -> io.BytesIO:
    """A WAV file of G.711 at 8 kHz. ``codec``: "pcm_alaw" or "pcm_mulaw"."""
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream(codec, rate=LINE_HZ, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray((audio * 32_767).astype(np.int16)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = LINE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    return file


def sentences() -> dict[str, tuple[str, ...]]:
    """The texts to be said: test turns, and test sentences of the entities."""
    folder = labelled_turns_folder()
    turns = read_corpus(folder / "corpus" / "zh" / "test", "zh")
    marked = read_set(folder / "entities" / "zh_test.toml").sentences
    return {"turns": tuple(turn.text for turn in turns), "entities": tuple(one.text for one in marked)}


def transcriber() -> Transcriber:
    """The starter model on one core; no sampling, so that the text is the same each time."""
    how = {"model": "starter-zh", "language": "zh", "workers": 1, "fallback_temperatures": ()}
    return Transcriber(load_settings(None, {"recognise": how, "understand": {"enabled": False}}).unredacted())


def hear(text: str, listener: Transcriber) -> tuple[Heard, Way]:
    """One sentence said and recognised; its turns in a row."""
    way, said = Way.of(text), spoken_form(text)
    record = listener.record(telephone_file(over_the_line(say(said, way), way), way.codec))
    heard = " ".join(text_of([word for turn in record.turns for word in turn.words]).split())
    return Heard(text, said, heard, compare(said, heard, MANDARIN).rate or 0.0), way


def hear_all(file: Path, limit: int | None = None) -> None:
    """Say and recognise what ``file`` does not hold yet; every sentence is written as soon as it is there."""
    done, wanted = read_heard(file), sentences()
    missing = [(name, text) for name in SETS for text in wanted[name][:limit] if text not in done[name]]
    if not missing:
        return
    if shutil.which("espeak-ng") is None:
        raise SystemExit(f"{len(missing)} sentences are not in {file}, and espeak-ng is not installed to say them.")
    pinyin("")  # before callcore loads pypinyin without its phrases
    repair(file)
    with file.open("a", encoding="utf-8", newline="") as lines, transcriber() as listener:
        if not lines.tell():
            lines.write("\t".join(COLUMNS) + "\n")
        for name, text in track(missing, "Saying and hearing"):
            one, way = hear(text, listener)
            lines.write(heard_line(name, one, way.variant[1:] or "plain", way.snr_db))
            lines.flush()


def pooled(heard: Iterable[Heard]) -> tuple[int, int]:
    """Errors and characters of all together."""
    counts = [compare(one.said, one.heard, MANDARIN) for one in heard]
    return sum(one.errors for one in counts), sum(one.units for one in counts)


def main() -> None:
    """Say and recognise all sentences, and print the error rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heard", type=Path, default=HEARD, metavar="FILE", help="write here [%(default)s]")
    parser.add_argument("--limit", type=int, help="only the first so many of each set")
    arguments = parser.parse_args()
    hear_all(arguments.heard, arguments.limit)
    for name, found in read_heard(arguments.heard).items():
        errors, units = pooled(found.values())
        print(f"{name}: {len(found)} sentences, {units} characters, CER {errors / max(units, 1):.1%}")


if __name__ == "__main__":
    main()
