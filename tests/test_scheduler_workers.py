"""Threads that decode for all calls: who is answered what; decodes, threads and listeners that fail."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from scheduler_tools import FINAL, LANGUAGE, PARTIAL, PATIENCE_S, SPECULATIVE, Answers, GatedEngine, HandClock, request

from callcore.errors import EngineError
from callcore.scheduler import Scheduler
from callcore.scheduler.workers import CLOSED
from callcore.types import DecodeFailure, DecodeResult


@pytest.fixture
def start():
    """Make schedulers that are closed when the test ends."""
    running = []

    def make(engine, partial=None, **options):
        scheduler = Scheduler(engine, partial, **options)
        running.append((scheduler, engine))
        return scheduler

    yield make
    for scheduler, engine in running:
        engine.gate.set()
        scheduler.close()


def segments(outcomes):
    return [
        outcome.request.segment_id if isinstance(outcome, DecodeFailure) else outcome.segment_id for outcome in outcomes
    ]


# Answers


def test_a_request_is_answered_with_what_the_recogniser_said(start):
    answers = Answers()
    scheduler = start(GatedEngine())
    scheduler.submit("c1", request(FINAL, start_s=2.0, end_s=3.0), answers)
    (result,) = answers.wait(1)
    assert (result.segment_id, result.kind, result.start_sample) == ("s1", FINAL, 32_000)


def test_as_many_decodes_run_at_once_as_there_are_workers(start):
    engine, answers = GatedEngine(workers=3, opened=False), Answers()
    scheduler = start(engine)
    for number in range(5):
        scheduler.submit("c1", request(FINAL, f"s{number}"), answers)
    engine.wait_begun(3)
    assert scheduler.metrics().running == 3
    assert scheduler.metrics().ranks["final"].waiting == 2
    engine.gate.set()
    assert sorted(segments(answers.wait(5))) == [f"s{number}" for number in range(5)]


def test_partials_go_to_the_recogniser_for_partials(start):
    engine, small, answers = GatedEngine(), GatedEngine(), Answers()
    scheduler = start(engine, small)
    for kind, segment in ((PARTIAL, "p"), (SPECULATIVE, "s"), (FINAL, "f"), (LANGUAGE, "l")):
        scheduler.submit("c1", request(kind, segment), answers)
        answers.wait(1)
        answers.got.clear()
    assert small.decoded == [[("p", PARTIAL)]]
    assert engine.decoded == [[("s", SPECULATIVE)], [("f", FINAL)], [("l", LANGUAGE)]]


def test_finals_overtake_what_waits(start):
    engine, answers = GatedEngine(opened=False), Answers()
    scheduler = start(engine)
    scheduler.submit("c0", request(FINAL, "running"), answers)
    engine.wait_begun(1)
    scheduler.submit("c1", request(PARTIAL, "refresh"), answers)
    scheduler.submit("c2", request(PARTIAL, "first", first=True), answers)
    scheduler.submit("c3", request(FINAL, "final"), answers)
    engine.gate.set()
    assert segments(answers.wait(4)) == ["running", "final", "first", "refresh"]


def test_a_speculative_decode_that_comes_true_is_the_final(start):
    engine, ahead, final = GatedEngine(opened=False), Answers(), Answers()
    scheduler = start(engine)
    scheduler.submit("c1", request(SPECULATIVE), ahead)
    engine.wait_begun(1)
    scheduler.submit("c1", request(FINAL), final)
    engine.gate.set()
    (result,) = final.wait(1)
    assert result.kind is FINAL
    assert engine.decoded == [[("s1", SPECULATIVE)]]
    assert ahead.got == []
    assert scheduler.metrics().taken_over == 1


def test_a_call_that_is_over_is_not_answered(start):
    engine, gone, kept = GatedEngine(opened=False), Answers(), Answers()
    scheduler = start(engine)
    scheduler.submit("gone", request(FINAL, "running"), gone)
    engine.wait_begun(1)
    scheduler.submit("gone", request(FINAL, "waiting"), gone)
    scheduler.submit("kept", request(FINAL, "kept"), kept)
    scheduler.release("gone")
    engine.gate.set()
    kept.wait(1)
    assert gone.got == []
    assert segments(kept.got) == ["kept"]
    assert len(engine.decoded) == 2


# Failures


def test_a_failed_decode_fails_its_request_alone(start):
    engine, answers = GatedEngine(), Answers()
    engine.faults["bad"] = EngineError("the recogniser failed (RuntimeError).", "hint")
    scheduler = start(engine)
    scheduler.submit("c1", request(FINAL, "bad"), answers)
    scheduler.submit("c1", request(FINAL, "good"), answers)
    failure, result = answers.wait(2)
    assert isinstance(failure, DecodeFailure)
    assert failure.message == "the recogniser failed (RuntimeError)."
    assert failure.request.segment_id == "bad"
    assert result.segment_id == "good"
    assert scheduler.metrics().ranks["final"].failures == 1


def test_a_poisoned_request_spares_its_companions(start):
    engine, answers = GatedEngine(batch_limit=8, opened=False), Answers()
    engine.faults["bad"] = RuntimeError("said: my card number is")
    scheduler = start(engine)
    scheduler.submit("c0", request(FINAL, "running"), answers)
    engine.wait_begun(1)
    for segment in ("a", "bad", "b"):
        scheduler.submit(f"call-{segment}", request(FINAL, segment), answers)
    engine.gate.set()
    outcomes = answers.wait(4)
    assert [("a", FINAL), ("bad", FINAL), ("b", FINAL)] in engine.decoded
    assert segments(outcomes) == ["running", "a", "bad", "b"]
    assert [type(outcome) for outcome in outcomes] == [DecodeResult, DecodeResult, DecodeFailure, DecodeResult]
    assert "card" not in outcomes[2].message
    assert "RuntimeError" in outcomes[2].message


def test_missing_answers_are_failures(start):
    engine, answers = GatedEngine(), Answers()
    engine.decode = lambda requests: []
    scheduler = start(engine)
    scheduler.submit("c1", request(FINAL), answers)
    (failure,) = answers.wait(1)
    assert failure.message == "the recogniser gave 0 answers to 1 requests."


def test_a_request_the_recogniser_cannot_measure_fails(start):
    engine, answers = GatedEngine(), Answers()

    def refuse(_):
        raise ValueError("what is this")

    engine.batch_key = refuse
    scheduler = start(engine)
    scheduler.submit("c1", request(FINAL), answers)
    assert "ValueError" in answers.wait(1)[0].message


@pytest.mark.parametrize("fault", [SystemExit("ends"), KeyboardInterrupt()], ids=["exit", "interrupt"])
def test_a_worker_that_dies_is_replaced_and_its_requests_fail(start, caplog, fault):
    engine, answers = GatedEngine(workers=2), Answers()
    engine.faults["deadly"] = fault
    scheduler = start(engine)
    with caplog.at_level(logging.ERROR, "callcore"):
        for round_number in range(3):  # more deaths than there are workers
            scheduler.submit("c1", request(FINAL, "deadly"), answers)
            outcome = answers.wait(round_number + 1)[-1]
            assert outcome.message == f"the decoding thread died ({type(fault).__name__})"
    scheduler.submit("c1", request(FINAL, "good"), answers)
    assert answers.wait(4)[-1].segment_id == "good"
    assert scheduler.metrics().workers_replaced == 3
    assert [type(fault).__name__ in message for message in caplog.messages] == [True] * 3


def test_a_final_attached_to_a_decode_that_dies_fails_loudly(start):
    engine, ahead, final = GatedEngine(opened=False), Answers(), Answers()
    engine.faults["s1"] = SystemExit()
    scheduler = start(engine)
    scheduler.submit("c1", request(SPECULATIVE), ahead)
    engine.wait_begun(1)
    scheduler.submit("c1", request(FINAL), final)
    engine.gate.set()
    (failure,) = final.wait(1)
    assert failure.request.kind is FINAL
    assert ahead.got == []


def test_a_queue_that_is_broken_ends_the_scheduler_instead_of_spinning(start):
    engine, answers = GatedEngine(workers=2, opened=False), Answers()
    scheduler = start(engine)
    scheduler.submit("c1", request(FINAL, "running"), answers)
    engine.wait_begun(1)
    scheduler.submit("c1", request(FINAL, "running too"), answers)
    engine.wait_begun(2)

    def fail(_):
        raise AssertionError("a defect")

    scheduler._queue.take = fail
    scheduler.submit("c1", request(FINAL, "waiting"), answers)
    engine.gate.set()
    refused = [outcome for outcome in answers.wait(3) if isinstance(outcome, DecodeFailure)]
    assert [(failure.request.segment_id, failure.message) for failure in refused] == [("waiting", CLOSED)]
    scheduler.submit("c1", request(FINAL, "later"), answers)
    assert answers.wait(4)[-1].message == CLOSED
    scheduler.close()
    assert scheduler.metrics().workers_replaced == 2


# Listeners


def test_a_listener_that_fails_is_logged_by_ids_and_stops_nobody(start, caplog):
    engine, answers = GatedEngine(), Answers()

    def fail(_):
        raise ValueError("my card number is")

    scheduler = start(engine)
    with caplog.at_level(logging.ERROR, "callcore"):
        scheduler.submit("call-7", request(FINAL, "seg-9"), fail)
        scheduler.submit("call-8", request(FINAL, "good"), answers)
        answers.wait(1)
    (message,) = caplog.messages
    assert "call-7" in message
    assert "seg-9" in message
    assert "card" not in message
    assert scheduler.metrics().workers_replaced == 0


def test_a_listener_that_kills_its_thread_costs_nobody_an_answer(start):
    engine, answers = GatedEngine(batch_limit=3, opened=False), Answers()

    def leave(_):
        raise SystemExit

    scheduler = start(engine)
    scheduler.submit("c0", request(FINAL, "running"), answers)
    engine.wait_begun(1)
    scheduler.submit("c1", request(FINAL, "a"), leave)
    scheduler.submit("c2", request(FINAL, "b"), answers)
    engine.gate.set()
    assert segments(answers.wait(2)) == ["running", "b"]
    assert scheduler.metrics().workers_replaced == 1


def test_a_listener_may_ask_again(start):
    engine, answers = GatedEngine(), Answers()
    scheduler = start(engine)
    scheduler.submit("c1", request(FINAL, "a"), lambda _: scheduler.submit("c1", request(FINAL, "b"), answers))
    assert segments(answers.wait(1)) == ["b"]


# The end


def test_closing_decodes_the_finals_that_wait(start):
    engine, answers, partials = GatedEngine(opened=False), Answers(), Answers()
    scheduler = start(engine)
    for number in range(3):
        scheduler.submit("c1", request(FINAL, f"s{number}"), answers)
    scheduler.submit("c2", request(PARTIAL, "p"), partials)
    engine.wait_begun(1)
    closing = threading.Thread(target=scheduler.close)
    closing.start()
    engine.gate.set()
    closing.join(PATIENCE_S)
    assert [type(outcome) for outcome in answers.got] == [DecodeResult] * 3
    assert partials.got == []


def test_closing_does_not_forget_a_final_that_waits_for_companions(start):
    answers = Answers()
    scheduler = start(GatedEngine(device="cuda", batch_limit=8))
    scheduler.submit("c1", request(FINAL), answers)
    scheduler.close()
    assert [type(outcome) for outcome in answers.got] == [DecodeResult]


def test_closing_without_flush_fails_the_finals_that_wait(start):
    engine, answers = GatedEngine(opened=False), Answers()
    scheduler = start(engine)
    for number in range(3):
        scheduler.submit("c1", request(FINAL, f"s{number}"), answers)
    engine.wait_begun(1)
    closing = threading.Thread(target=scheduler.close, kwargs={"flush": False})
    closing.start()
    answers.wait(2)
    engine.gate.set()
    closing.join(PATIENCE_S)
    assert segments(answers.got) == ["s1", "s2", "s0"]
    assert [type(outcome) for outcome in answers.got] == [DecodeFailure, DecodeFailure, DecodeResult]


def test_after_closing_finals_fail_at_once_and_wishes_are_left_unanswered(start):
    answers = Answers()
    scheduler = start(GatedEngine())
    scheduler.close()
    scheduler.close()
    scheduler.submit("c1", request(PARTIAL), answers)
    scheduler.submit("c1", request(FINAL), answers)
    (failure,) = answers.got
    assert failure.message == CLOSED


def test_a_listener_may_close(start):
    engine, answers = GatedEngine(), Answers()
    scheduler = start(engine)

    def stop(outcome):
        scheduler.close()
        answers(outcome)

    scheduler.submit("c1", request(FINAL), stop)
    answers.wait(1)


def test_a_stuck_worker_is_reported_and_not_waited_for(start, caplog):
    clock, engine, answers = HandClock(), GatedEngine(opened=False), Answers()
    scheduler = start(engine, clock=clock, stuck_s=60.0)
    scheduler.submit("c1", request(FINAL, "hangs"), answers)
    scheduler.submit("c1", request(FINAL, "waits"), answers)
    engine.wait_begun(1)
    clock.now_s += 59
    assert scheduler.metrics().stuck == ()
    clock.now_s += 2
    (stuck,) = scheduler.metrics().stuck
    assert (stuck.rank, stuck.running_s, stuck.segment_ids) == ("final", 61.0, ("hangs",))
    with caplog.at_level(logging.ERROR, "callcore"):
        scheduler.close()
    assert segments(answers.got) == ["hangs", "waits"]
    assert {type(outcome) for outcome in answers.got} == {DecodeFailure}
    assert "stuck" in caplog.text
    engine.gate.set()  # it comes to its end after all, and nobody is told twice


# Metrics


def test_metrics_are_ready_for_json_and_add_up(start):
    clock, engine, answers = HandClock(), GatedEngine(opened=False), Answers()
    scheduler = start(engine, clock=clock)
    scheduler.submit("c1", request(FINAL, "a", end_s=2.0), answers)
    engine.wait_begun(1)
    scheduler.submit("c1", request(FINAL, "b", end_s=3.0), answers)
    scheduler.submit("c1", request(PARTIAL, "c"), answers)
    scheduler.submit("c1", request(PARTIAL, "c", end_s=1.3), answers)
    clock.now_s += 2.0
    assert scheduler.metrics().oldest_final_s == 2.0
    assert scheduler.metrics().busy_share == pytest.approx(0.18, abs=0.01)
    engine.gate.set()
    answers.wait(3)
    scheduler.close()
    found = json.loads(json.dumps(scheduler.metrics().as_dict()))
    final, refresh = found["ranks"]["final"], found["ranks"]["refresh"]
    assert (found["workers"], found["running"], found["interval_ms"]) == (1, 0, found["interval_ms"])
    assert (final["asked"], final["decodes"], final["audio_s"], final["service_s"]) == (2, 2, 5.0, 2.0)
    assert (final["delay_p50_ms"], final["delay_p95_ms"]) == (0.0, 2000.0)
    assert (refresh["asked"], refresh["decodes"], refresh["replaced"], refresh["waiting"]) == (2, 1, 1, 0)
    assert found["ranks"]["speculative"]["delay_p50_ms"] is None


# Everything at once


def test_every_final_of_many_calls_is_answered_once_whatever_fails(start):
    """Threads ask, hang up and fail as they like."""
    engine, counts, lock = GatedEngine(workers=4, batch_limit=4), {}, threading.Lock()
    for number in range(0, 400, 7):
        engine.faults[f"s{number}"] = SystemExit() if number % 2 else ValueError("bad")
    scheduler = start(engine)
    done = threading.Condition(lock)

    def listener(key):
        def answered(outcome):
            with done:
                counts[key] = counts.get(key, 0) + 1
                done.notify_all()

        return answered

    def call(name):
        for number in range(400):
            segment, channel = f"s{number}", number % 2
            ignore = listener((name, number, "wish"))
            scheduler.submit(name, request(PARTIAL, segment, channel=channel, first=True), ignore)
            scheduler.submit(name, request(SPECULATIVE, segment, channel=channel), ignore)
            scheduler.submit(name, request(FINAL, segment, channel=channel), listener((name, number, "final")))

    callers = [threading.Thread(target=call, args=(f"c{number}",)) for number in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE_S)
    with done:
        assert done.wait_for(lambda: sum(key[2] == "final" for key in counts) == 1600, PATIENCE_S)
    scheduler.close()
    assert {count for key, count in counts.items() if key[2] == "final"} == {1}
    metrics = scheduler.metrics()
    assert metrics.running == 0
    assert {rank.waiting for rank in metrics.ranks.values()} == {0}
