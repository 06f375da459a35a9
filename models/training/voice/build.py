"""Makes models/voice-mood: cue weights from the literature, the rest from speech; then measures it.

    python -m models.training.voice.build --data SHARED_DATA --out models/voice-mood

Run at the top of a checkout, with the extra `train`. What comes from where (README.md beside this file has more):

* Which measures speak for which mood, and with what sign: the literature; every cue weighs the same (Dawes 1979).
* How far an unmoved speaker's measures stray (`spread`): LibriSpeech and AISHELL-1 clips after a telephone line.
* Slopes and offsets from scores to probabilities: maximum likelihood on the clips of TRAIN_SPEAKERS.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from callcore.evaluate.mood import Judged, auc, reports
from callcore.types import SAMPLE_RATE_HZ
from callcore.understand.base import VoiceTone
from callcore.understand.mood.prosody import MEASURES
from callcore.understand.mood.usual import OPENING_S, UsualTone
from callcore.understand.mood.voice import tones_of
from models.training.voice.graph import CLIP, write_graph
from models.training.voice.sound import load, telephone

Array = npt.NDArray[np.float64]

NAME, VERSION = "voice-mood", "2"
LABELS = ("calm", "angry", "pleased", "disappointed")
TRUTH = {"neutral": "calm", "angry": "angry", "happy": "pleased", "sad": "disappointed"}
PRIOR = {"calm": 0.7, "angry": 0.1, "pleased": 0.1, "disappointed": 0.1}  #: assumed of turns in service calls
TRAIN_SPEAKERS = ("casia_spk1", "tess_oaf")
THRESHOLD = 0.5

CUES: dict[str, dict[str, float]] = {
    # Excited voices, angry or glad: higher, louder, more abrupt, faster, brighter (Banse and Scherer 1996; Juslin and
    # Laukka 2003; Scherer 2003).
    "excited": {"pitch": 0.5, "pitch_high": 0.5, "level": 1, "level_change": 1, "rate": 1, "tilt": 1},
    # Anger is in loudness rather than in pitch; joy in the height and the width of the pitch (same sources).
    "angry": {"level": 0.5, "level_change": 0.5, "pitch": -0.25, "pitch_high": -0.25, "pitch_range": -0.5},
    # Sadness is soft, slow, dark and flat. Its pitch is left out: low in quiet sadness, high in despair (Banse and
    # Scherer 1996).
    "sad": {"level": -0.5, "level_change": -0.5, "rate": -1, "tilt": -1, "pitch_range": -1},
}


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip of a set beside its speaker's usual tone: ``deviations`` (stretches, measures); None: not judged."""

    speaker: str
    truth: str
    deviations: Array | None

    @property
    def scores(self) -> Array:
        """Excited, angry, sad of each stretch, (n, 3)."""
        assert self.deviations is not None
        return np.asarray(np.clip(self.deviations, -CLIP, CLIP) @ weights())


def weights() -> Array:
    """Cues by measure, (measures, 3); the cues of a score add up to 1 in size."""
    columns = [[cue.get(name, 0.0) for name in MEASURES] for cue in CUES.values()]
    table = np.array(columns).T
    return np.asarray(table / np.abs(table).sum(axis=0))


def spread_of(data: Path) -> dict[str, float]:
    """Standard deviation of each measure from stretch to stretch of one unmoved speaker."""
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for path in [*sorted(data.glob("speech_en/librispeech/*.flac")), *sorted(data.glob("speech_zh/aishell1/*.flac"))]:
        speaker = path.name.split("-")[0] if "librispeech" in path.parts else path.name
        rows[speaker] += [[tone.measures[name] for name in MEASURES] for tone in tones_of(telephone(load(path)))]
    squares, freedom = np.zeros(len(MEASURES)), 0
    for speaker_rows in rows.values():
        table = np.array(speaker_rows)
        if len(table) >= 3:
            squares += ((table - table.mean(axis=0)) ** 2).sum(axis=0)
            freedom += len(table) - 1
    return {name: round(float(value), 4) for name, value in zip(MEASURES, np.sqrt(squares / freedom), strict=True)}


def clips_of(data: Path, spread: Mapping[str, float], fold: int) -> list[Clip]:
    """Emotional clips after a telephone line; every other neutral clip makes the usual tone and is not judged."""
    tones: dict[str, list[tuple[str, list[VoiceTone]]]] = defaultdict(list)
    with (data / "emotion_speech" / "transcripts.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            audio = telephone(load(data / "emotion_speech" / row["path"]))
            tones[row["speaker"]].append((row["emotion"], tones_of(audio)))
    clips = []
    for speaker, heard in sorted(tones.items()):
        neutral = [place for place, (emotion, _) in enumerate(heard) if emotion == "neutral"]
        opening = set(neutral[fold::2])
        usual = UsualTone(spread)
        for place in sorted(opening):
            for tone in heard[place][1]:
                usual.add(tone)
        assert usual.known, speaker
        for place, (emotion, pieces) in enumerate(heard):
            if place not in opening:
                rows = [list(usual.deviations(tone).values()) for tone in pieces]
                clips.append(Clip(speaker, TRUTH[emotion], np.array(rows) if rows else None))
    return clips


def logits(scores: Array, calibration: Sequence[float]) -> Array:
    """Of LABELS, (n, 4), from excited, angry, sad (n, 3)."""
    slope, side, angry, pleased, sad = calibration
    excited, anger, sadness = scores.T
    return np.stack(
        [
            np.zeros(len(scores)),
            slope * excited + side * anger - angry,
            slope * excited - side * anger - pleased,
            slope * sadness - sad,
        ],
        axis=1,
    )


def softmax(values: Array) -> Array:
    """Rows to probabilities."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def clip_weights(clips: Sequence[Clip]) -> list[float]:
    """Weights that make a set's shares of moods those of PRIOR."""
    count = {truth: sum(1 for one in clips if one.truth == truth) for truth in LABELS}
    return [PRIOR[one.truth] * len(clips) / count[one.truth] for one in clips]


def calibrate(clips: Sequence[Clip]) -> list[float]:
    """Slopes and offsets of :func:`logits` by maximum likelihood, the moods weighted to PRIOR."""
    judged = [one for one in clips if one.deviations is not None]
    scores = np.array([one.scores.mean(axis=0) for one in judged])
    truth = np.array([LABELS.index(one.truth) for one in judged])
    weight = np.array(clip_weights(judged))

    def loss(calibration: Array) -> float:
        chances = softmax(logits(scores, list(calibration)))[np.arange(len(truth)), truth]
        return float(-(weight * np.log(chances + 1e-9)).mean() + 1e-3 * (calibration[:2] ** 2).sum())

    best = minimize(
        loss, np.array([2.0, 1.0, 2.0, 2.0, 2.0]), method="L-BFGS-B", bounds=[(0.1, 10)] * 2 + [(-5, 10)] * 3
    )
    return [round(float(value), 4) for value in best.x]


def judge(clips: Sequence[Clip], calibration: Sequence[float]) -> list[Judged]:
    """Clips with their probabilities, the moods of each speaker weighted to PRIOR."""
    judged = []
    for speaker in sorted({one.speaker for one in clips}):
        own = [one for one in clips if one.speaker == speaker]
        for one, weight in zip(own, clip_weights(own), strict=True):
            labels = None
            if one.deviations is not None:
                rows = softmax(logits(one.scores, calibration))
                labels = dict(zip(LABELS, map(float, rows.mean(axis=0)), strict=True))
            judged.append(Judged(one.truth, labels, speaker, weight))
    return judged


def excitement(clips: Sequence[Clip]) -> dict[str, Any]:
    """AUC of the excited score alone, which nothing was fitted to: angry and pleased against calm, by speaker."""
    found: dict[str, Any] = {}
    for speaker in sorted({one.speaker for one in clips}):
        own = [one for one in clips if one.speaker == speaker and one.deviations is not None]
        scores = {truth: [float(one.scores.mean(axis=0)[0]) for one in own if one.truth == truth] for truth in LABELS}
        found[speaker] = {truth: round(auc(scores[truth], scores["calm"]) or 0.0, 4) for truth in LABELS[1:]}
    return found


def leave_one_out(clips: Sequence[Clip]) -> list[Judged]:
    """Every speaker judged with a calibration made of all the others."""
    judged: list[Judged] = []
    for speaker in sorted({one.speaker for one in clips}):
        rest = [one for one in clips if one.speaker != speaker]
        judged += judge([one for one in clips if one.speaker == speaker], calibrate(rest))
    return judged


def main() -> None:
    """Build, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data")
    parser.add_argument("--out", type=Path, default=Path("models/voice-mood"))
    parser.add_argument("--results", type=Path, default=Path("models/training/voice/results.json"))
    options = parser.parse_args()
    spread = spread_of(options.data)
    folds = [clips_of(options.data, spread, fold) for fold in (0, 1)]
    calibration = calibrate([one for one in folds[0] if one.speaker in TRAIN_SPEAKERS])
    options.out.mkdir(parents=True, exist_ok=True)
    weight_file = options.out / "voice.onnx"
    write_graph(weight_file, weights(), calibration)
    record = {
        "name": NAME,
        "version": VERSION,
        "file": weight_file.name,
        "sha256": hashlib.sha256(weight_file.read_bytes()).hexdigest(),
        "measures": list(MEASURES),
        "labels": list(LABELS),
        "spread": spread,
        "threshold": THRESHOLD,
    }
    (options.out / "model.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    results = {
        "prior": PRIOR,
        "opening_s": OPENING_S,
        "rate_hz": SAMPLE_RATE_HZ,
        "train_speakers": TRAIN_SPEAKERS,
        "calibration": dict(zip(("slope", "side", "angry", "pleased", "disappointed"), calibration, strict=True)),
        "shipped": [reports(judge(fold, calibration), "calm", LABELS, THRESHOLD) for fold in folds],
        "leave_one_speaker_out": [reports(leave_one_out(fold), "calm", LABELS, THRESHOLD) for fold in folds],
        "excited_alone": [excitement(fold) for fold in folds],
    }
    options.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
