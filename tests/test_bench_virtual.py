import json
import wave

import numpy as np
import pytest
from bench_tools import Hand, reference_of
from pipeline_tools import CUES, SETTINGS, LevelScorer, call_audio, plan

from callcore.bench.metrics import measure_call
from callcore.bench.protocol import ShownLog
from callcore.bench.view import CallView, Ear, written
from callcore.bench.virtual import ServiceTimes, VirtualCall, VirtualClock, VirtualStation
from callcore.cli import run
from callcore.engines.scripted import ScriptedEngine
from callcore.pipeline import CallPipeline
from callcore.types import AudioFrame, Final, Partial, Rejected, Word

TICK = 320
SPEECH = ((0, 1.0, "您好请问有什么可"), (1, 4.0, "我的信用卡"))  # at four characters a second


def say(request):
    """What was said in the audio of a request, character by character."""
    spoken = reference_of(*SPEECH).units[request.channel]
    start_s, end_s = request.start_sample / 16_000, request.end_sample / 16_000
    return "".join(unit.text for unit in spoken if start_s <= unit.start_s and unit.end_s <= end_s)


def play(workers=1, calls=1, service=None):
    clock = VirtualClock()
    engine = ScriptedEngine(say)
    audio = {0: call_audio(8.0, (1.0, 3.0)), 1: call_audio(8.0, (4.0, 5.25))}
    played = []
    for number in range(calls):
        pipeline = CallPipeline(plan((0, 1), live=True), SETTINGS, LevelScorer(), CUES)
        ticks = ([AudioFrame(c, at, audio[c][at : at + TICK]) for c in audio] for at in range(0, 128_000, TICK))
        played.append(VirtualCall(f"c{number}", pipeline, ticks, ShownLog(clock), 0.5 * number))
    end_s = VirtualStation(engine, SETTINGS.live, clock, workers, service or ServiceTimes()).run(played)
    assert all(call.pipeline.done for call in played)
    return played, end_s


def measured(call):
    return measure_call("c", call.log, reference_of(*SPEECH, duration_s=8.0))


def test_the_same_calls_give_the_same_log():
    first, second = play(calls=3)[0], play(calls=3)[0]
    assert [list(call.log) for call in first] == [list(call.log) for call in second]
    assert all(len(call.log) > 4 for call in first)


def test_slower_decodes_show_in_the_latencies_and_nowhere_else():
    quick = measured(play(service=ServiceTimes(0.01, 0.0, 0.01, 0.0))[0][0])
    slow = measured(play(service=ServiceTimes(0.01, 0.0, 0.51, 0.0))[0][0])
    # A final is decoded ahead, in the pause that ends the turn: it comes later by what the pause does not hide.
    for one, other in zip(quick.turns, slow.turns, strict=True):
        assert one.finalisation_s < other.finalisation_s <= one.finalisation_s + 0.5 + 1e-6
    assert quick.final == slow.final
    assert not any(turn.missed for turn in slow.turns)


def test_calls_that_share_a_worker_wait_for_each_other():
    alone = measured(play(calls=1)[0][0])
    service = ServiceTimes(0.2, 0.0, 0.4, 0.0)
    crowded = [measured(call) for call in play(calls=4, service=service)[0]]
    assert max(t.finalisation_s for c in crowded for t in c.turns) > max(t.finalisation_s for t in alone.turns)
    assert all(call.final.counts == alone.final.counts for call in crowded)


def words(text, start=0):
    return tuple(Word(c, start + i, start + i + 1, 0.9) for i, c in enumerate(text))


def test_the_view_shows_finals_then_what_is_committed_then_what_may_change():
    log = ShownLog(Hand())
    view = CallView(log)
    view.take(Partial("s1", 0, 0, 10, words("您"), words("好"), "zh"))
    view.take(Partial("s2", 0, 20, 30, words("请"), words("问"), "zh"))
    view.take(Final("s1", 0, 0, 12, "您好。", words("您好"), "zh", -0.1, 0.0, 0.9))
    view.take(Rejected("s2", 0, 20, 30, "no_text", "no words left"))
    texts = [(item.final, item.committed.replace(" ", ""), item.shown.replace(" ", "")) for item in log]
    assert texts == [
        ("", "您", "您好"),
        ("", "您", "您好请问"),  # what follows words that may change cannot be promised
        ("您好。", "您好。请", "您好。请问"),
        ("您好。", "您好。", "您好。"),
    ]
    assert written((Word("a", 0, 1, 0.9), Word("b", 1, 2, 0.9, True))) == "a b"


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100])
def test_the_ear_hears_all_samples_without_a_gap(rate_hz):
    tone = (10_000 * np.sin(np.arange(rate_hz) * 2 * np.pi * 300 / rate_hz)).astype(np.int16)
    ear = Ear(2, rate_hz)
    step = rate_hz // 50
    frames = [f for at in range(0, len(tone), step) for f in ear.hear((tone[at : at + step], -tone[at : at + step]))]
    frames += ear.finish()
    for channel in (0, 1):
        mine = [frame for frame in frames if frame.channel == channel]
        assert [f.start_sample for f in mine[1:]] == [f.end_sample for f in mine[:-1]]
        assert abs(mine[-1].end_sample - 16_000) <= 2
    assert max(abs(frame.samples).max() for frame in frames) == pytest.approx(10_000 / 32_768, rel=0.01)


def cut(source_file, file, seconds):
    with wave.open(str(source_file), "rb") as source, wave.open(str(file), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(round(seconds * source.getframerate())))
    return file


@pytest.fixture(scope="module")
def short_call(fixture_call, tmp_path_factory):
    """The first turn of the bundled call."""
    return cut(fixture_call, tmp_path_factory.mktemp("calls") / "call01_card_loss_start.wav", 8.6)


def bench(call, out, *options):
    return run(["bench", "latency", str(call), "--model", "starter-zh", "--out", str(out), *options])


def test_virtual_time_gives_the_same_file_to_the_last_byte(short_call, tmp_path, capsys):
    for out in (tmp_path / "a", tmp_path / "b"):
        assert bench(short_call, out, "--clock", "virtual", "--no-plots") == 0
    first, second = (out / "latency.jsonl" for out in (tmp_path / "a", tmp_path / "b"))
    assert first.read_bytes() == second.read_bytes()
    lines = [json.loads(line) for line in first.read_text(encoding="utf-8").splitlines()]
    assert {line["kind"] for line in lines} == {"run", "system", "call", "word", "turn", "update", "summary"}
    assert "date" not in lines[0]
    assert lines[-1]["final"]["rate"] == lines[-1]["offline"]["rate"]
    assert "word first shown" in capsys.readouterr().out


def test_real_time_measures_cost_and_punctuality_and_draws(short_call, tmp_path, fixture_call, capsys):
    reference = fixture_call.parent / "call01_card_loss.json"
    assert bench(short_call, tmp_path, "--reference", str(reference), "--allow-jitter") == 0
    lines = [json.loads(line) for line in (tmp_path / "latency.jsonl").read_text(encoding="utf-8").splitlines()]
    summary = lines[-1]
    assert summary["sent"]["packets"] == 430
    assert summary["cost"]["cpu_s_per_call_minute"] > 0
    assert summary["missed_turns"] == 19  # of the whole call's 20: the recording holds the first
    assert lines[0]["machine"]["cores"] >= 1
    said = json.dumps(lines, ensure_ascii=False)
    assert "银行" not in said
    for name in ("latency_cdf", "latency_over_time", "cost"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    assert "does not count" in (tmp_path / "latency.md").read_text(encoding="utf-8")
    capsys.readouterr()


def test_late_packets_make_the_run_invalid(fixture_call, tmp_path, monkeypatch, capsys):
    short_call = cut(fixture_call, tmp_path / "call.wav", 2.0)
    monkeypatch.setattr("callcore.bench.replay.MAX_JITTER_S", 0.0)
    assert bench(short_call, tmp_path, "--no-plots") == 1
    assert "invalid" in capsys.readouterr().out


def test_a_system_that_is_not_known_is_named(short_call, tmp_path, capsys):
    assert bench(short_call, tmp_path, "--no-plots", "--compare", "nobody") == 2
    assert "nobody" in capsys.readouterr().err


def test_more_calls_than_the_machine_takes_are_refused(fixture_call, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CALLCORE_LIVE__MAX_CALLS", "1")
    call = cut(fixture_call, tmp_path / "call.wav", 2.0)
    assert bench(call, tmp_path, "--no-plots", "--calls", "2") == 9
    assert "call" in capsys.readouterr().err


def test_only_callcore_runs_in_virtual_time(short_call, tmp_path, capsys):
    assert bench(short_call, tmp_path, "--clock", "virtual", "--compare", "callcore") == 2
    assert "virtual" in capsys.readouterr().err


def test_plots_without_matplotlib_name_the_extra(short_call, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert bench(short_call, tmp_path) == 7
    assert "callcore[bench]" in capsys.readouterr().err
