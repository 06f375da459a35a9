"""Audio and reference for the VAD benchmark: what is spoken when, and sounds that are not speech.

The files of every group are put in order of name and dealt out in turn: the even ones were used to choose thresholds
(``tune``), the odd ones to report (``report``). That covers the sweeps of the thresholds. The rule that lets Silero
rest in quiet was made while looking at all telephone calls, and checked on both halves and on the cross-talk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from benchmarks.common import RATE_HZ, Samples, read_audio

Spans = list[tuple[float, float]]  #: start and end in seconds

VOICED_NOISE = {
    # Its spectrogram shows gliding voice harmonics and formants: someone says what the file's name promises.
    "telephony/phone_ringing.flac",
}
NOISE_KINDS = ("telephony", "nonspeech100", "esc50", "noisex92", "home", "speechbrain")
MIX_SNRS_DB = (20, 10, 5, 0)
MIX_NOISES = {
    "dishes": "home/doing_the_dishes.flac",
    "dog": "esc50/1-100032-A-0.flac",
    "office noise": "speechbrain/noise1.flac",
    "room noise": "speechbrain/noise3.flac",
    "vehicle": "noisex92/leopard.flac",
    "hold music": "telephony/hold_music_8k.flac",
    "dtmf, recorded": "telephony/dtmf_noisy.flac",
}
TELEPHONE_CALLS = (
    ("two_channel/lca_auto_repairs_40.flac", (0, 1)),
    ("two_channel/genesys_test_transcript_connector.flac", (0, 1)),
    ("one_side/lca_demo_agent.flac", (0,)),
    ("mono/pca_auto0.flac", (0,)),
    ("mono/watson_english2.flac", (0,)),
)
LOUD_DBFS = -35.0
CROSSTALK_DB = (30, 35, 40, 45)  #: how far the other party's speech lies below the own party's
LINE_NOISE_DBFS = -65.0
DTMF_LOW_HZ, DTMF_HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
FULL_LEVEL_DBFS = -20.0


@dataclass(frozen=True)
class Clip:
    """One channel of audio at 16 kHz, where it is spoken in, and which half of its group it belongs to."""

    name: str
    group: str
    half: str
    audio: Samples
    speech: Spans

    @property
    def duration_s(self) -> float:
        return len(self.audio) / RATE_HZ


def half(index: int) -> str:
    """Which half the file at ``index`` of its group belongs to."""
    return "report" if index % 2 else "tune"


def meetings(data: Path) -> Iterator[Clip]:
    """Recordings with an RTTM file: AMI meetings and a conversation; overlap and mumbling are labelled as speech."""
    for index, rttm in enumerate(sorted((data / "calls" / "diarization").glob("*.rttm"))):
        fields = [line.split() for line in rttm.read_text(encoding="utf-8").splitlines() if line.strip()]
        spans = merge([(float(row[3]), float(row[3]) + float(row[4])) for row in fields])
        yield Clip(rttm.stem, "meetings", half(index), read_audio(rttm.with_suffix(".flac"))[0], spans)


def bank_calls(data: Path) -> Iterator[Clip]:
    """The two synthetic Mandarin bank calls, a clip per channel, with the times of their turns."""
    for index, reference in enumerate(sorted((data / "synthetic_zh" / "calls").glob("*.json"))):
        call = json.loads(reference.read_text(encoding="utf-8"))
        audio = read_audio(next(reference.parent.glob(f"{reference.stem}*.wav")))
        for channel, samples in enumerate(audio):
            spans = merge([(turn["start"], turn["end"]) for turn in call["turns"] if turn["channel"] == channel])
            yield Clip(f"{reference.stem}/{channel}", "bank calls", half(index), samples, spans)


def noises(data: Path) -> Iterator[Clip]:
    """Sounds that are not speech, as they are and through a telephone at a common level."""
    for kind in NOISE_KINDS:
        for index, path in enumerate(sorted((data / "noise" / kind).glob("*.flac"))):
            name = f"{kind}/{path.name}"
            if name in VOICED_NOISE:
                continue
            audio = read_audio(path)[0]
            yield Clip(name, kind, half(index), audio, [])
            yield Clip(f"{name} (telephone)", kind, half(index), telephone(at_level(audio, FULL_LEVEL_DBFS)), [])
    for index, (name, audio) in enumerate(sorted(generated_sounds().items())):
        yield Clip(name, "generated", half(index), telephone(audio), [])


def mixtures(data: Path, clips: list[Clip]) -> Iterator[tuple[str, int, Clip]]:
    """Each clip with each noise at each ratio: (noise, ratio in dB, clip). Ratio of the levels while spoken."""
    sounds = {name: read_audio(data / "noise" / path)[0] for name, path in MIX_NOISES.items()}
    generated = generated_sounds()
    sounds |= {name: generated[name] for name in ("ring-back, China", "dtmf")}
    for name, sound in sounds.items():
        for clip in clips:
            looped = np.resize(telephone(sound), len(clip.audio))
            for snr_db in MIX_SNRS_DB:
                gain = active_power(clip) / (float(np.mean(np.square(looped))) * 10 ** (snr_db / 10))
                audio = (clip.audio + looped * np.float32(np.sqrt(gain))).astype(np.float32)
                yield name, snr_db, Clip(clip.name, clip.group, clip.half, audio, clip.speech)


def crosstalk(data: Path) -> Iterator[tuple[int, Clip]]:
    """Two parties in turn, the other one leaking in: (decibels below the own party, clip). Own speech is the reference.

    Made of read English (LibriSpeech) as the own and read Mandarin (AISHELL-1) as the other party, band-limited, with
    line noise. Not in the sweeps of the thresholds, but seen while the gate was made.
    """
    own = [read_audio(path)[0] for path in sorted((data / "speech_en" / "librispeech").glob("*.flac"))[:8]]
    other = [read_audio(path)[0] for path in sorted((data / "speech_zh" / "aishell1").glob("*.flac"))[:8]]
    for below_db in CROSSTALK_DB:
        rng = np.random.default_rng(below_db)
        gap = np.zeros(RATE_HZ * 3 // 2, dtype=np.float32)
        parts: list[Samples] = [gap]
        spans: Spans = []
        for mine, theirs in zip(own, other, strict=True):
            parts += [at_level(theirs, FULL_LEVEL_DBFS - below_db), gap]
            start_s = sum(map(len, parts)) / RATE_HZ
            parts += [at_level(mine, FULL_LEVEL_DBFS), gap]
            spans += [(start_s + low, start_s + high) for low, high in loud_spans(mine)]
        audio = telephone(np.concatenate(parts))
        audio += rng.normal(0, 10 ** (LINE_NOISE_DBFS / 20), len(audio)).astype(np.float32)
        yield below_db, Clip(f"cross-talk {below_db} dB below", "cross-talk", "report", audio, merge(spans))


def telephone_calls(data: Path) -> Iterator[Clip]:
    """Real telephone recordings. Nobody noted who spoke when; what is loud on these quiet lines stands in for it.

    All of them were looked at while the rules and thresholds were chosen.
    """
    for path, indexes in TELEPHONE_CALLS:
        audio = read_audio(data / "calls" / path)
        for channel in indexes:
            name = f"{Path(path).stem}/{channel}"
            yield Clip(name, "telephone calls", "tune", audio[channel], above(audio[channel], LOUD_DBFS))


def above(audio: Samples, level_dbfs: float) -> Spans:
    """The 10 ms frames above ``level_dbfs``."""
    frames = audio[: len(audio) // 160 * 160].reshape(-1, 160)
    loud = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-12) > level_dbfs
    return merge([(at * 0.01, at * 0.01 + 0.01) for at in np.flatnonzero(loud)])


def quiet_calls(clips: list[Clip]) -> Iterator[tuple[int, Clip]]:
    """The agent's side of the calls, turned down: (decibels, clip)."""
    for down_db in (0, 10, 20, 30, 40):
        for clip in clips:
            if clip.name.endswith("/0"):
                audio = (clip.audio * np.float32(10 ** (-down_db / 20))).astype(np.float32)
                yield down_db, Clip(clip.name, "quiet calls", clip.half, audio, clip.speech)


def generated_sounds() -> dict[str, Samples]:
    """Signals of the telephone network and test signals, 12 to 20 s each; levels are usual ones on a line."""
    rng = np.random.default_rng(7)
    digits = [tone([low, high], 0.1, 0.1) for low in DTMF_LOW_HZ for high in DTMF_HIGH_HZ]
    information = [tone([hz], 0.33, 0.03) for hz in (950, 1400, 1800)] + [np.zeros(RATE_HZ, dtype=np.float32)]
    clicks = np.zeros(15 * RATE_HZ, dtype=np.float32)
    clicks[RATE_HZ // 2 :: RATE_HZ // 3] = 0.8
    return {
        "ring-back, China": np.tile(tone([450], 1, 4), 4),
        "ring-back, US": np.tile(tone([440, 480], 2, 4), 3),
        "ring-back, UK": np.tile(np.concatenate([tone([400, 450], 0.4, 0.2), tone([400, 450], 0.4, 2)]), 5),
        "busy, China": np.tile(tone([450], 0.35, 0.35), 20),
        "busy, US": np.tile(tone([480, 620], 0.5, 0.5), 15),
        "dtmf": np.tile(np.concatenate(digits), 5),
        "special information": np.tile(np.concatenate(information), 7),
        "fax, called": np.tile(tone([2100], 3, 0.5), 4),
        "fax, calling": np.tile(tone([1100], 0.5, 3), 4),
        "beeps": np.tile(tone([1000], 0.3, 1), 11),
        "clicks": clicks,
        "melody": melody(rng),
        "white noise": rng.normal(0, 0.1, 15 * RATE_HZ).astype(np.float32),
        "digital silence": np.zeros(15 * RATE_HZ, dtype=np.float32),
    }


def tone(frequencies_hz: list[int], on_s: float, off_s: float, level_dbfs: float = -16.0) -> Samples:
    """Equal sines for ``on_s`` with 5 ms ramps, then silence."""
    time_s = np.arange(int(on_s * RATE_HZ)) / RATE_HZ
    audio = sum(np.sin(2 * np.pi * hz * time_s) for hz in frequencies_hz) * np.sqrt(2 / len(frequencies_hz))
    ramp = np.clip(np.minimum(time_s, time_s[::-1]) / 0.005, 0, 1)
    sound = audio * ramp * 10 ** (level_dbfs / 20)
    return np.concatenate([sound, np.zeros(int(off_s * RATE_HZ))]).astype(np.float32)


def melody(rng: np.random.Generator) -> Samples:
    """A tune of plucked harmonic notes, as cheap hold music has it."""
    notes = []
    for _ in range(40):
        time_s = np.arange(int(rng.choice([0.25, 0.5]) * RATE_HZ)) / RATE_HZ
        hz = rng.choice([262, 294, 330, 392, 440, 523])
        harmonics = [np.sin(2 * np.pi * hz * k * time_s) * np.exp(-time_s * 3 * k) / k for k in range(1, 7)]
        notes.append(sum(harmonics) * 0.2 * np.clip(time_s / 0.01, 0, 1))
    return np.concatenate(notes).astype(np.float32)


def telephone(audio: Samples) -> Samples:
    """What is left below 4 kHz, as after 8 kHz sampling."""
    narrow = soxr.resample(soxr.resample(audio, RATE_HZ, 8000), 8000, RATE_HZ)
    return np.resize(narrow, len(audio)).astype(np.float32)


def at_level(audio: Samples, level_dbfs: float) -> Samples:
    """The same sound with a root mean square of ``level_dbfs``, its peaks kept below full scale."""
    rms = max(float(np.sqrt(np.mean(np.square(audio)))), 1e-9)
    gain = min(10 ** (level_dbfs / 20) / rms, 0.99 / max(float(np.abs(audio).max()), 1e-9))
    return (audio * np.float32(gain)).astype(np.float32)


def active_power(clip: Clip) -> float:
    """Mean power where it is spoken in."""
    spoken = [clip.audio[int(low * RATE_HZ) : int(high * RATE_HZ)] for low, high in clip.speech]
    return float(np.mean(np.square(np.concatenate(spoken))))


def loud_spans(audio: Samples, below_peak_db: float = 40.0, pause_s: float = 0.4) -> Spans:
    """Where a clean recording of a sentence is within ``below_peak_db`` of its loudest 10 ms; short pauses included."""
    frames = audio[: len(audio) // 160 * 160].reshape(-1, 160)
    level_db = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-12)
    loud = np.flatnonzero(level_db > level_db.max() - below_peak_db) * 0.01
    spans = merge([(float(at), float(at) + 0.01 + pause_s) for at in loud])
    return [(low, high - pause_s) for low, high in spans]


def merge(spans: Spans) -> Spans:
    """Spans in order, those that overlap or touch made one."""
    merged: Spans = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
