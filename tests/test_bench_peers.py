"""Peers of the benchmark: the published streaming method, and WhisperLive's protocol against a server of our own."""

from __future__ import annotations

import json
import threading
import wave
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.without_crosstalk import copy
from callcore.bench.peers import factories
from callcore.bench.peers.local_agreement import LocalAgreement, TimedWord
from callcore.bench.peers.voice_gate import Voice, VoiceGate
from callcore.bench.peers.whisper_live import Transcript, WhisperLive, WhisperLiveOptions
from callcore.bench.peers.whisper_streaming import StreamingOptions, WhisperStreaming, tuned
from callcore.bench.protocol import ShownLog
from callcore.config import load_settings
from callcore.engines.silero import SileroVad
from callcore.errors import EngineError, ModelCorrupt, Overloaded

TIMEOUT_S = 60.0


def words(text, start_s=0.0, each_s=0.5):
    return [TimedWord(c, start_s + i * each_s, start_s + (i + 1) * each_s) for i, c in enumerate(text)]


# Local agreement


def test_confirms_what_two_readings_begin_with():
    agreement = LocalAgreement(trim_s=15)
    agreement.read(words("我要查余"), [2.0], 2.0)
    assert (agreement.confirmed, agreement.pending) == ("", "我要查余")
    agreement.read(words("我要查额度"), [2.5], 3.0)
    assert (agreement.confirmed, agreement.pending) == ("我要查", "额度")
    agreement.finish()
    assert (agreement.confirmed, agreement.pending) == ("我要查额度", "")


def test_drops_a_repetition_of_confirmed_words_at_the_head_of_a_reading():
    agreement = LocalAgreement(trim_s=15)
    for _ in range(2):
        agreement.read(words("我要查"), [1.5], 2.0)
    agreement.read(words("要查余额", start_s=1.45), [3.5], 3.5)  # the model places the words anew, a little later
    assert agreement.pending == "余额"


def test_a_long_buffer_is_cut_at_a_confirmed_segment_and_its_text_becomes_the_prompt():
    agreement = LocalAgreement(trim_s=5)
    said = words("我要查余额谢谢您好再见")
    for _ in range(2):
        agreement.read(said, [2.5, 5.5], 5.5)
    assert agreement.buffer_start_s == 2.5
    assert agreement.prompt == "我要查余额"


def test_a_buffer_without_confirmed_words_is_never_cut():
    agreement = LocalAgreement(trim_s=5)
    agreement.read([], [3.0, 9.0], 20.0)
    assert agreement.buffer_start_s == 0


@given(st.lists(st.text("一二三", max_size=6), max_size=8))
def test_confirmed_text_only_grows(readings):
    agreement = LocalAgreement(trim_s=2)
    before = ""
    for number, text in enumerate(readings, 1):
        agreement.read(words(text, agreement.buffer_start_s), [agreement.buffer_start_s + 1, number], float(number))
        assert agreement.confirmed.startswith(before)
        before = agreement.confirmed


# Voice


@pytest.fixture(scope="module")
def agent(fixture_call):
    """The first 14 s of the agent's channel: shape (n,), int16, 8 kHz."""
    with wave.open(str(fixture_call)) as file:
        pcm = np.frombuffer(file.readframes(14 * file.getframerate()), "<i2").reshape(-1, file.getnchannels())
    return pcm[:, 0]


def test_the_gate_opens_with_speech_and_closes_after_it(agent):
    gate = VoiceGate(SileroVad())
    upsampled = np.repeat(agent, 2).astype(np.float32) / 32768
    said = [gate.push(upsampled[start : start + 640]) for start in range(0, len(upsampled), 640)]
    assert said[0] is Voice.SILENT
    assert said.index(Voice.SPEAKING) < said.index(Voice.ENDED)


# Plain faster-whisper


def play(session, channels, size=160):
    for index, start in enumerate(range(0, len(channels[0]), size)):
        session.send(index, [channel[start : start + size] for channel in channels])
    session.finish()
    assert session.wait(TIMEOUT_S)


@pytest.mark.parametrize("gated", [False, True])
def test_plain_faster_whisper_hears_both_channels(starter_model, agent, gated):
    options = tuned(starter_model, "zh", 2) if gated else StreamingOptions(starter_model, cpu_threads=2, beam_size=1)
    system = WhisperStreaming(options)
    system.start()
    try:
        log = ShownLog()
        session = system.open_call("one", 2, 8000, log)
        play(session, [agent, np.zeros_like(agent)])
    finally:
        system.close()
    assert session.problems() == []
    shown = list(log)
    heard = [item for item in shown if item.channel == 0]
    assert "客服中心" in heard[-1].final
    assert heard[-1].final == heard[-1].shown  # nothing stays open
    assert all(item.shown.startswith(item.committed) for item in shown)
    assert system.turn_finals is gated
    json.dumps(system.settings)


def test_a_folder_without_a_model_is_said_so(tmp_path):
    with pytest.raises(ModelCorrupt, match="cannot load"):
        WhisperStreaming(StreamingOptions(tmp_path)).start()


# WhisperLive


def segment(text, start, completed=False):
    return {"start": f"{start:.3f}", "end": f"{start + 1:.3f}", "text": text, "completed": completed}


def test_a_transcript_keeps_completed_segments_that_are_sent_again_and_again():
    transcript = Transcript()
    transcript.take([segment("我要", 0)])
    assert (transcript.final, transcript.tentative) == ("", "我要")
    transcript.take([segment("我要挂失。", 0, True), segment("谢", 2)])
    transcript.take([segment("我要挂失。", 0, True), segment("谢谢。", 2, True)])
    transcript.take([segment("谢谢。", 2, True), segment("谢谢。", 9)])
    assert (transcript.final, transcript.tentative) == ("我要挂失。谢谢。", "谢谢。")
    transcript.close()
    assert (transcript.final, transcript.tentative) == ("我要挂失。谢谢。谢谢。", "")


@contextmanager
def server(handler):
    from websockets.sync.server import serve

    with serve(handler, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.socket.getsockname()[1]
        finally:
            running.shutdown()
            thread.join()


@contextmanager
def connected(handler, tmp_path):
    """A WhisperLive system that talks to a server of ours in place of its own."""
    with server(handler) as port:
        system = WhisperLive(WhisperLiveOptions(tmp_path))
        system._port = port
        try:
            yield system
        finally:
            system.close()


def test_speaks_the_protocol_of_whisper_live(tmp_path, monkeypatch):
    monkeypatch.setattr("callcore.bench.peers.whisper_live.QUIET_S", 0.3)
    heard, handshakes = [], []

    def handler(socket):
        handshakes.append(json.loads(socket.recv()))
        socket.send(json.dumps({"message": "SERVER_READY", "backend": "faster_whisper"}))
        samples = 0
        while (packet := socket.recv()) != b"END_OF_AUDIO":
            samples += len(np.frombuffer(packet, np.float32))
            socket.send(json.dumps({"segments": [segment("喂，", 0, True), segment("你好", 2)]}))
        heard.append(samples)

    with connected(handler, tmp_path) as system:
        log = ShownLog()
        session = system.open_call("one", 2, 8000, log)
        play(session, [np.zeros(8000, np.int16)] * 2)
    assert session.problems() == []
    assert heard == [16_000, 16_000]
    assert {item["language"] for item in handshakes} == {"zh"}
    for channel in (0, 1):
        texts = [(item.final, item.shown) for item in log if item.channel == channel]
        assert texts == [("喂，", "喂，你好"), ("喂，你好", "喂，你好")]


def test_a_lost_connection_is_a_problem_of_the_call(tmp_path):
    def handler(socket):
        socket.recv()
        socket.send(json.dumps({"message": "SERVER_READY", "backend": "faster_whisper"}))
        socket.recv()

    with connected(handler, tmp_path) as system:
        session = system.open_call("one", 1, 16_000, ShownLog())
        session.send(0, [np.zeros(8000, np.int16)])
        receiver = session._channels[0]._tasks[1]
        finished = threading.Event()
        system._loop.call(receiver.add_done_callback, lambda _: finished.set())
        assert finished.wait(TIMEOUT_S)
        session.finish()
        assert session.wait(TIMEOUT_S)
    assert session.problems() == ["channel 0: connection lost"]


def test_a_full_server_is_overload(tmp_path):
    def handler(socket):
        socket.recv()
        socket.send(json.dumps({"status": "WAIT", "message": 3}))

    with connected(handler, tmp_path) as system, pytest.raises(Overloaded):
        system.open_call("one", 1, 16_000, ShownLog())


def test_without_its_environment_the_peer_says_how_to_make_it(tmp_path, starter_model):
    system = WhisperLive(WhisperLiveOptions(starter_model, tmp_path / "python"))
    with pytest.raises(EngineError, match="not installed") as caught:
        system.start()
    system.close()
    assert "benchmarks.peers" in caught.value.hint


def test_factories_take_model_and_language_from_the_settings(starter_model):
    settings = load_settings(None, {"recognise": {"model": "starter-zh", "language": "zh", "workers": 3}})
    systems = [
        factories.whisper_streaming(settings),
        factories.whisper_streaming_tuned(settings),
        factories.whisper_live(settings),
        factories.whisper_live_tuned(settings),
        factories.whisper_live_batched(settings),
    ]
    assert len({system.name for system in systems}) == 5
    assert all(system.settings["model"] == starter_model.name for system in systems)
    assert systems[1].settings["num_workers"] == 3
    for system in systems:
        system.close()


# Calls without cross-talk


def test_a_copy_without_crosstalk_keeps_turns_and_silences_the_rest(tmp_path, fixture_call):
    reference = fixture_call.parent / "call01_card_loss.json"
    turns = json.loads(reference.read_text(encoding="utf-8"))["turns"]
    cleaned = copy(fixture_call, reference, tmp_path)
    with wave.open(str(cleaned)) as new, wave.open(str(fixture_call)) as old:
        assert new.getparams() == old.getparams()
        rate = new.getframerate()
        pcm, before = (np.frombuffer(f.readframes(f.getnframes()), "<i2").reshape(-1, 2) for f in (new, old))
    customer = next(turn for turn in turns if turn["channel"] == 1)
    spoken = slice(round(customer["start"] * rate), round(customer["end"] * rate))
    assert np.array_equal(pcm[spoken, 1], before[spoken, 1])
    ahead = slice(0, round((customer["start"] - 0.5) * rate))
    assert np.abs(pcm[ahead, 1].astype(float)).mean() < np.abs(before[ahead, 1].astype(float)).mean()
