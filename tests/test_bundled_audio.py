"""Audio that comes with the repository: a real call on two channels, a meeting with who speaks when, a spoken call."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from callcore.audio import FaultDetector, open_audio, probe_layout
from callcore.batch.transcriber import Transcriber
from callcore.cli import run
from callcore.config import AudioSettings, SegmentSettings, load_settings
from callcore.engines.silero import SileroVad
from callcore.evaluate.normalise import ENGLISH
from callcore.evaluate.rates import compare
from callcore.segment import SegmentClosed, Segmenter
from callcore.types import SAMPLE_RATE_HZ

AUDIO = Path(__file__).parent.parent / "audio_fixtures"
CALL, MEETING = AUDIO / "lca_auto_repairs_first30s.flac", AUDIO / "ami_dev00.flac"
SPOKEN = AUDIO / "call02_charged_twice_8k_stereo.flac"
COLLAR_S = 0.25  #: either side of a label's edge that is not judged, as in the field


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


def samples(path: Path) -> np.ndarray:
    """All channels at 16 kHz, shape (channels, n)."""
    with open_audio(path) as source:
        return np.concatenate(list(source.blocks()), axis=1)


def speech(vad: SileroVad, audio: np.ndarray, **settings: object) -> np.ndarray:
    """Which samples lie in a segment, shape (n,), bool."""
    segmenter = Segmenter(0, SegmentSettings(**settings), vad.stream())
    found = np.zeros(len(audio), dtype=bool)
    for event in segmenter.push(audio) + segmenter.finish():
        if isinstance(event, SegmentClosed):
            found[event.segment.start_sample : event.segment.end_sample] = True
    return found


def labels(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which samples are speech by an RTTM file, and which are far enough from its edges to be judged."""
    spoken, judged = np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    for line in path.read_text(encoding="utf-8").splitlines():
        start, length = (float(field) for field in line.split()[3:5])
        spoken[round(start * SAMPLE_RATE_HZ) : round((start + length) * SAMPLE_RATE_HZ)] = True
    edges = np.flatnonzero(np.diff(spoken.astype(np.int8)))
    for edge in edges:
        judged[max(0, edge - round(COLLAR_S * SAMPLE_RATE_HZ)) : edge + round(COLLAR_S * SAMPLE_RATE_HZ)] = False
    return spoken, judged


def test_speech_of_a_meeting_is_found(vad):
    (audio,) = samples(MEETING)
    # Far microphones: as docs/segmentation.md advises for meetings.
    found = speech(vad, audio, gate=False, hangover_ms=1000)
    spoken, judged = labels(MEETING.with_suffix(".rttm"), len(audio))
    assert (found & spoken & judged).sum() / (spoken & judged).sum() > 0.9


def test_both_sides_of_a_real_call_are_heard_and_neither_all_the_time(vad):
    shares = [speech(vad, channel).mean() for channel in samples(CALL)]
    assert len(shares) == 2
    assert all(0.1 < share < 0.9 for share in shares)


def test_a_real_call_has_two_channels_and_no_fault():
    with open_audio(CALL) as source:
        assert (source.rate_hz, source.channel_count) == (8000, 2)
        detector = FaultDetector(2, source.rate_hz)
        layout, blocks = probe_layout(source, AudioSettings())
        for block in blocks:
            detector.push(block)
        assert layout.channels == (0, 1)
        assert detector.finish() == source.warnings() == []


def test_the_starter_model_says_that_it_is_not_made_for_people(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    assert run(["transcribe", str(CALL), "--model", "starter-zh", "--db", str(tmp_path / "calls.db")]) == 0
    warning = " ".join(capsys.readouterr().err.split())
    assert "was not made for this audio" in warning
    assert "callcore models pull" in warning


def test_the_english_call_is_heard_as_it_was_said():
    settings = load_settings(None, {"recognise": {"language": "en"}}).unredacted()
    with Transcriber(settings) as transcriber:
        record = transcriber.record(SPOKEN)
    assert record.started.model == "starter-en"
    reference = json.loads((AUDIO / "call02_charged_twice.json").read_text(encoding="utf-8"))
    for channel in (0, 1):
        said = " ".join(turn["text"] for turn in reference["turns"] if turn["channel"] == channel)
        heard = " ".join(turn.text for turn in record.turns if turn.channel == channel)
        assert compare(said, heard, ENGLISH).rate <= 0.2


def test_the_english_call_fills_its_ticket(tmp_path):
    db, out = ["--db", str(tmp_path / "calls.db")], tmp_path / "tickets"
    assert run(["transcribe", str(SPOKEN), "--language", "en", "--quiet", *db]) == 0
    assert run(["tickets", "export", "--state", "draft", "--output", str(out), *db]) == 0
    (file,) = out.glob("*.json")
    ticket = json.loads(file.read_text(encoding="utf-8"))
    assert ticket["fields"]["request.amount"]["normal"] == ["36.50 GBP"]
    assert {(promise["by"], promise["kind"]) for promise in ticket["promises"]} >= {("agent", "call_back")}


def test_a_call_in_a_language_that_nobody_named_is_asked_about(tmp_path, capsys):
    assert run(["transcribe", str(SPOKEN), "--db", str(tmp_path / "calls.db")]) == 0
    warning = " ".join(capsys.readouterr().err.split())
    assert "starter-zh knows synthetic speech only, in zh." in warning
    assert "--language CODE" in warning
