"""A process that decodes windows of ever new lengths holds no more memory for it. Linux tells what is held."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from callcore.engines.hardware import keep_few_kernels

MANY_LENGTHS = """
import gc, sys
from pathlib import Path
import numpy as np
from callcore.config import RecogniseSettings
from callcore.engines.faster_whisper import FasterWhisperEngine, WhisperFiles
from callcore.engines.hardware import share_heap, trim_heap
from callcore.types import DecodeRequest, Effort, RequestKind

def held_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

share_heap()
files = WhisperFiles("starter-zh", Path(sys.argv[1]), frozenset({"zh"}), window_s=12.0, padding_s=1.0)
engine = FasterWhisperEngine(files, RecogniseSettings(workers=1, device="cpu", bucket_s=0.02))

def decode(lengths):
    for length in lengths:
        audio = np.zeros(length * 160, np.float32)
        engine.decode([DecodeRequest(str(length), RequestKind.FINAL, 0, 0, audio, "zh", Effort())])
    gc.collect()
    trim_heap()
    return held_mb()

first = decode([400, 40])
print(decode(range(40, 400, 2)) - first)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_windows_of_new_lengths_leave_no_memory_behind(starter_model):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ONEDNN", "DNNL"))}
    ran = subprocess.run(
        [sys.executable, "-c", MANY_LENGTHS, str(starter_model)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(ran.stdout) < 25  # megabytes; over 100 where every length's convolutions are kept


def test_a_number_that_the_user_has_set_stands(monkeypatch):
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    keep_few_kernels()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
