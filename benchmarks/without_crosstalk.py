"""Copies of calls in which a channel holds its own speaker alone, for systems that hear one channel at a time.

In a real two-channel recording the other party is faintly heard. callcore listens to both channels and leaves that
out; a system that gets one channel a connection writes it down, and is then wrong by whole sentences. On a copy made
here it can show what it does with speech. Outside the reference turns of a channel, its sound is replaced by noise of
the loudness that its quiet stretches have.
"""

from __future__ import annotations

import argparse
import json
import shutil
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

MARGIN_S = 0.25  #: kept around each turn
WINDOW_S = 0.05
QUIET_PERCENTILE = 10  #: of the levels of windows: the noise floor


def clean(channel: npt.NDArray[np.int16], turns: list[tuple[float, float]], rate_hz: int) -> npt.NDArray[np.int16]:
    """``channel``, shape (n,), with noise outside ``turns`` (start and end, seconds)."""
    spoken = np.zeros(len(channel), bool)
    for start_s, end_s in turns:
        spoken[max(0, round((start_s - MARGIN_S) * rate_hz)) : round((end_s + MARGIN_S) * rate_hz)] = True
    window = round(WINDOW_S * rate_hz)
    whole = channel[: len(channel) // window * window].reshape(-1, window).astype(np.float64)
    floor = np.percentile(np.sqrt(np.mean(np.square(whole), axis=1)), QUIET_PERCENTILE)
    noise = np.random.default_rng(0).normal(0, floor, len(channel))
    return np.where(spoken, channel, np.clip(np.rint(noise), -32768, 32767)).astype(np.int16)


def copy(call: Path, reference: Path, folder: Path) -> Path:
    """Write the cleaned ``call`` (16-bit WAV) and its ``reference`` into ``folder``; returns the new call."""
    turns = json.loads(reference.read_text(encoding="utf-8"))["turns"]
    with wave.open(str(call)) as source:
        parameters = source.getparams()
        samples = np.frombuffer(source.readframes(parameters.nframes), "<i2").reshape(-1, parameters.nchannels)
    cleaned = [
        clean(
            samples[:, number], [(t["start"], t["end"]) for t in turns if t["channel"] == number], parameters.framerate
        )
        for number in range(parameters.nchannels)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(folder / call.name), "wb") as target:
        target.setparams(parameters)
        target.writeframes(np.stack(cleaned, axis=1).astype("<i2").tobytes())
    shutil.copyfile(reference, folder / reference.name)
    return folder / call.name


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("call", type=Path, help="16-bit WAV")
    parser.add_argument("reference", type=Path, help="its turns (JSON, docs/bench.md)")
    parser.add_argument("folder", type=Path, help="where the copies go")
    arguments = parser.parse_args()
    print(copy(arguments.call, arguments.reference, arguments.folder))
