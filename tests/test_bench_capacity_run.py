"""Capacity on the live station: endless recordings, one real run, and the commands."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.bench.capacity import Limits, judge
from callcore.bench.capacity_audio import TAIL_S, loop, quiet_moment
from callcore.bench.capacity_file import CapacityWriter, read_capacity
from callcore.bench.capacity_station import TimedEngine
from callcore.bench.reference import read_reference
from callcore.bench.replay import read_recording
from callcore.bench.service import Decode
from callcore.cli import run
from callcore.engines.scripted import ScriptedEngine
from callcore.types import DecodeRequest, RequestKind
from tests.test_bench_capacity import GOOD
from tests.test_bench_simulate import TALK


@pytest.fixture(scope="module")
def recording(fixture_call):
    return read_recording(fixture_call)


@pytest.fixture(scope="module")
def reference(fixture_call):
    return read_reference(fixture_call.parent / "call01_card_loss.json")


# Endless recordings


@given(near=st.floats(0, 90))
def test_a_quiet_moment_is_one_at_which_nobody_speaks(reference, near):
    moment = quiet_moment(reference, near)
    assert 0 <= moment <= reference.duration_s
    for turns in reference.turns:
        assert not any(turn.start_s < moment < turn.end_s for turn in turns)


@settings(max_examples=20)
@given(phase=st.floats(0, 0.999), length_s=st.floats(5, 200))
def test_words_lie_where_their_audio_lies(recording, reference, phase, length_s):
    looped = loop(recording, reference, phase, length_s)
    rate = recording.rate_hz
    assert looped.recording.samples.shape == (2, round(length_s * rate))
    begin = round(quiet_moment(reference, phase * recording.facts.duration_s) * rate)
    whole = recording.samples.shape[1]
    for channel, (turns, units) in enumerate(zip(looped.reference.turns, looped.reference.units, strict=True)):
        assert [unit.turn for unit in units] == sorted(unit.turn for unit in units)
        for turn in turns:
            assert 0 <= turn.start_s < turn.end_s <= length_s - TAIL_S
            start = round(turn.start_s * rate)
            there = looped.recording.samples[channel, start : start + rate // 2]
            here = np.take(recording.samples[channel], range(begin + start, begin + start + len(there)), mode="wrap")
            assert np.array_equal(there, here)
            original = (begin + start) % whole / rate
            assert min(abs(original - one.start_s) for one in reference.turns[channel]) < 0.01


def test_a_longer_loop_holds_every_turn_again(recording, reference):
    count = sum(len(turns) for turns in reference.turns)
    looped = loop(recording, reference, 0.0, 3 * recording.facts.duration_s + TAIL_S + 1)
    assert sum(len(turns) for turns in looped.reference.turns) >= 3 * count


def test_decodes_are_timed():
    engine = TimedEngine(ScriptedEngine({"a": "您好"}))
    request = DecodeRequest("a", RequestKind.FINAL, 0, 0, np.zeros(32_000, np.float32), "zh")
    assert engine.decode([request])[0].hypothesis.text == "您好"
    (decode,) = engine.take_decodes()
    assert (decode.kind, decode.window_s, decode.batch) == (RequestKind.FINAL, 2.0, 1)
    assert decode.seconds >= 0
    assert engine.take_decodes() == []


# The commands


def test_a_search_and_a_plan_of_what_it_found(fixture_call, starter_model, tmp_path, capsys):
    (tmp_path / "s.toml").write_text('[recognise]\nworkers = 1\nlanguage = "zh"\n', encoding="utf-8")
    output = tmp_path / "c.jsonl"
    wide = ["--commit-p95", "60", "--final-p95", "60", "--coverage", "0"]  # whatever else this machine does meanwhile
    options = ["--model", str(starter_model), "--settings", str(tmp_path / "s.toml"), "--output", str(output), *wide]
    code = run(["bench", "capacity", str(fixture_call), "--max", "1", "--minutes", "0.25", *options])
    shown = capsys.readouterr().out
    found = read_capacity(output)
    (step,) = {step.calls: step for step in found.steps}.values()
    assert code == (0 if found.calls else 1)  # a late feeder fails a run on a busy machine
    assert ("1 at once passed" if found.calls else "Not even one") in shown
    assert step.dropped_s == 0
    assert step.lost_calls == 0
    assert step.commit_p95_s > 0
    assert step.final_p95_s > 0
    assert step.coverage > 0.5
    assert step.rss_mb > 50
    assert {decode.kind for decode in found.decodes[1]} >= {RequestKind.PARTIAL}
    assert found.traces[0].length_s == pytest.approx(81, abs=1)
    assert (tmp_path / "c.md").read_text(encoding="utf-8").startswith("# Capacity")
    assert (tmp_path / "c.png").stat().st_size > 5000
    said = json.loads((fixture_call.parent / "call01_card_loss.json").read_text(encoding="utf-8"))["turns"][0]["text"]
    assert said[:6] not in output.read_text(encoding="utf-8")


def result_file(path, edge=3, decode_s=0.1):
    """A result of a machine of one core that stands ``edge`` calls."""
    limits = Limits()
    writer = CapacityWriter(path)
    machine = {"cpu": "Test", "cores": 1, "usable_cores": 1, "memory_gib": 1.0, "system": "Linux"}
    live = {"max_partial_interval_ms": 300}
    facts = {"machine": machine, "model_name": "m", "date": "d", "commit": "c", "device": "cpu", "live": live}
    writer.run(facts, limits, 1)
    writer.trace(TALK)
    kinds = (RequestKind.PARTIAL, RequestKind.FINAL)
    for calls in (1, 2, edge):
        step = replace(GOOD, calls=calls)
        writer.step(step, judge(step, limits), [Decode(kind, 3.0, 1, decode_s) for kind in kinds])
    writer._write("capacity", calls=edge, first_failing=edge + 1)
    writer.close()
    return path


def plan(*arguments):
    return run(["bench", "plan", *map(str, arguments)])


def test_a_plan_takes_the_smaller_of_measured_and_simulated(tmp_path, capsys):
    code = plan(result_file(tmp_path / "c.jsonl"), "--headroom", "0", "--refused", "0", "--output", tmp_path / "p.md")
    shown = capsys.readouterr().out
    assert code == 0
    assert "3 by measurement" in shown
    page = (tmp_path / "p.md").read_text(encoding="utf-8")
    assert "| 1,000 | 1,000 | 3 | 334 |" in page
    assert "| 100,000 | 100,000 | 3 | 33,334 |" in page


def test_other_limits_or_cores_are_planned_by_simulation_alone(tmp_path, capsys):
    result = result_file(tmp_path / "c.jsonl", decode_s=0.4)
    assert plan(result, "--cores", "2", "--calls", "10") == 0
    assert "by measurement" not in capsys.readouterr().out
    assert plan(result, "--final-p95", "0.9", "--calls", "10") == 0
    assert "by measurement" not in capsys.readouterr().out


def test_the_same_plan_comes_twice(tmp_path, capsys):
    result = result_file(tmp_path / "c.jsonl", decode_s=0.4)
    plan(result)
    first = capsys.readouterr().out
    plan(result)
    assert capsys.readouterr().out == first


def test_a_machine_that_is_too_slow_is_told(tmp_path, capsys):
    assert plan(result_file(tmp_path / "c.jsonl", decode_s=5.0)) == 2
    assert "takes no call" in capsys.readouterr().err


@pytest.mark.parametrize("calls", ["many", "0", "10,"])
def test_wrong_numbers_of_calls_are_refused(tmp_path, capsys, calls):
    assert plan(result_file(tmp_path / "c.jsonl"), "--calls", calls) == 2


def test_a_result_without_steps_is_told(tmp_path, capsys):
    path = result_file(tmp_path / "c.jsonl")
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert plan(path) == 2
    assert "no traces" in capsys.readouterr().err


def test_no_result_and_no_recording_are_errors(tmp_path, capsys):
    assert plan(tmp_path / "none.jsonl") == 2
    assert "callcore bench capacity" in capsys.readouterr().err
    assert run(["bench", "capacity", str(tmp_path / "none.wav"), "--output", str(tmp_path / "c.jsonl")]) == 3
    assert run(["bench", "capacity", "x.wav", "--start", "9", "--max", "4"]) == 2
    assert "--start 9" in capsys.readouterr().err
