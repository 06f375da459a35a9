"""Written calls said by espeak-ng over a telephone line, and what a recogniser hears.

    python -m benchmarks.call_speech                  # both halves: benchmarks/results/calls_heard_{dev,test}.jsonl
    python -m benchmarks.call_speech --half dev --keep FOLDER    # ... with the recordings

Each side of a call has a voice that the training of the starter leaves out, a rate and a pitch, drawn by the
name of the call. Turns are said at their times, later where those before took longer. Each side lies on a channel
of its own: 300 to 3400 Hz, pink noise at a drawn distance, G.711 at 8 kHz. It is recognised as any recording is,
by ``callcore.batch``. Calls that the file holds, unchanged, are not said again (delete it when the model is another);
calls in a language that the model does not write are left out.

This runs apart from what reads the texts: it loads pypinyin with its phrases, which callcore does without, and sounds
are features of the text models.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
from rich.progress import track

from benchmarks.call_texts import (
    HeardCall,
    HeardTurn,
    digest,
    error_counts,
    heard_call_line,
    pieces_of,
    placed,
    read_heard_calls,
)
from benchmarks.common import ROOT, Samples
from benchmarks.heard_speech import LINE_HZ, Way, at_level, on_the_line, pinyin, say, spoken_form, telephone_file
from benchmarks.heard_speech import transcriber as transcriber_of
from benchmarks.written_calls.check import FOLDER, HALVES, GoldCall, read
from callcore.batch.transcriber import Transcriber
from callcore.errors import LanguageUnsupported
from callcore.evaluate.normalise import normaliser_for
from callcore.evaluate.rates import Counts
from callcore.types import SAMPLE_RATE_HZ

RESULTS = ROOT / "benchmarks" / "results"
VOICES = (("+f5", "+steph2", "+Andrea"), ("+m7", "+pablo"))  #: of women and of men, that no training has used
RATES_WPM, PITCHES = (160, 200), (35, 65)
SNRS_DB = (40, 30)
TAIL_S = 1.0  #: of line noise after the last word
SIDES = ("agent", "customer")  #: by channel


@dataclass(frozen=True, slots=True)
class CallWay:
    """How a call is said: a way for each side, the noise and the codec of both."""

    sides: tuple[Way, Way]
    snr_db: int
    codec: str

    @classmethod
    def of(cls, name: str) -> CallWay:
        """Drawn, and the same for the same name; the two sides never have the same voice."""
        random = Random(crc32(name.encode()))
        snr_db, codec = random.choice(SNRS_DB), random.choice(("pcm_alaw", "pcm_mulaw"))
        first = random.choice(random.choice(VOICES))
        second = random.choice([voice for group in VOICES for voice in group if voice != first])
        ways = [
            Way(voice, random.randint(*RATES_WPM), random.randint(*PITCHES), snr_db, codec, random.getrandbits(32))
            for voice in (first, second)
        ]
        return cls((ways[0], ways[1]), snr_db, codec)

    def __str__(self) -> str:
        sides = ", ".join(
            f"{side} {way.variant} {way.rate_wpm} wpm pitch {way.pitch}"
            for side, way in zip(SIDES, self.sides, strict=True)
        )
        return f"{sides}; noise {self.snr_db} dB below; {self.codec}"


def speak(call: GoldCall, said: list[str], way: CallWay) -> tuple[Samples, list[tuple[float, float]]]:
    """A recording, shape (2, n), float32, 8 kHz, agent first; and when each turn is said in it, in seconds."""
    speech = [
        at_level(say(text, way.sides[SIDES.index(turn.speaker)], call.language))
        for turn, text in zip(call.turns, said, strict=True)
    ]
    spans = placed([(turn.start_s, turn.end_s) for turn in call.turns], [len(one) / LINE_HZ for one in speech])
    channels = np.zeros((2, round((max(end for _, end in spans) + TAIL_S) * LINE_HZ)), dtype=np.float32)
    for turn, one, (start, _) in zip(call.turns, speech, spans, strict=True):
        begin = round(start * LINE_HZ)
        channels[SIDES.index(turn.speaker), begin : begin + len(one)] += one
    lines = [on_the_line(one, way.snr_db, side.seed) for one, side in zip(channels, way.sides, strict=True)]
    return np.stack(lines), spans


def hear(name: str, call: GoldCall, listener: Transcriber, keep: Path | None) -> HeardCall:
    """One call said and recognised. ``keep``: a folder for the recording."""
    way = CallWay.of(name)
    said = [spoken_form(turn.text) if call.language == "zh" else turn.text for turn in call.turns]
    audio, spans = speak(call, said, way)
    file = telephone_file(audio, way.codec)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}.wav").write_bytes(file.getvalue())
    record = listener.record(file)
    of_channel: list[list[tuple[int, int, int]]] = [[], []]
    for number, (turn, (start, end)) in enumerate(zip(call.turns, spans, strict=True)):
        place = (number, round(start * SAMPLE_RATE_HZ), round(end * SAMPLE_RATE_HZ))
        of_channel[SIDES.index(turn.speaker)].append(place)
    turns = tuple(
        HeardTurn(
            SIDES[turn.channel],
            round(turn.start_sample / SAMPLE_RATE_HZ, 3),
            round(turn.end_sample / SAMPLE_RATE_HZ, 3),
            pieces_of(turn.words, of_channel[turn.channel]),
        )
        for turn in record.turns
    )
    model = f"{listener.model.name}@{listener.model.model_hash[:8]}"
    return HeardCall(name, digest(call), model, str(way), tuple(said), turns)


def hear_half(half: str, file: Path, model: str, keep: Path | None) -> None:
    """Say and recognise the calls of a half that ``file`` does not hold; each is written as soon as it is there."""
    calls = {one.stem: read(one) for one in sorted((FOLDER / half).glob("*.json"))}
    done = read_heard_calls(file)
    missing = {name: one for name, one in calls.items() if name not in done or done[name].digest != digest(one)}
    if not missing:
        return
    if shutil.which("espeak-ng") is None:
        raise SystemExit(f"{len(missing)} calls are not in {file}, and espeak-ng is not installed to say them.")
    pinyin("")  # before callcore loads pypinyin without its phrases
    current = [one for name, one in done.items() if name in calls and name not in missing]
    file.write_text("".join(map(heard_call_line, current)), encoding="utf-8")
    with file.open("a", encoding="utf-8", newline="") as lines:
        for language in sorted({one.language for one in missing.values()}):
            try:
                listener = transcriber_of(language, model)
            except LanguageUnsupported:
                continue
            with listener:
                spoken = [(name, one) for name, one in missing.items() if one.language == language]
                for name, one in track(spoken, f"Saying and hearing, {half}, {language}"):
                    lines.write(heard_call_line(hear(name, one, listener, keep)))
                    lines.flush()


def main() -> None:
    """Say and recognise, and print the error rate of all calls together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, action="append", help="only this one")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="of the files [%(default)s]")
    parser.add_argument("--model", default="starter-zh", help="recogniser [%(default)s]")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the recordings here")
    arguments = parser.parse_args()
    for half in arguments.half or HALVES:
        file = arguments.folder / f"calls_heard_{half}.jsonl"
        hear_half(half, file, arguments.model, arguments.keep)
        found = read_heard_calls(file).values()
        counts = sum((error_counts(one, normaliser_for("", one.said[0])) for one in found), Counts())
        print(f"{half}: {len(found)} calls, {counts.units} units, error rate {counts.rate or 0:.1%}")


if __name__ == "__main__":
    main()
