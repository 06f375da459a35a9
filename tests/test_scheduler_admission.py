"""How many calls are taken on, and what is said to the one too many."""

from __future__ import annotations

import pytest
from scheduler_tools import FINAL, PARTIAL, GatedEngine, HandClock, request

from callcore.config import LiveSettings
from callcore.errors import EngineError, Overloaded
from callcore.scheduler import Admission, Costs, Meter, Rank, Scheduler
from callcore.scheduler.calibration import measure_costs, synthetic_voice

QUICK = Costs(final_per_s=0.05, partial_s=0.05)


def make(workers=4, costs=QUICK, **settings):
    meter = Meter(workers)
    admission = Admission(LiveSettings(**{"max_partial_interval_ms": 1500} | settings), workers, meter, "base")
    if costs:
        admission.calibrate(costs)
    return admission, meter


def fill(admission, now_s=0.0):
    """Take calls on until one is refused; returns how many, and the refusal."""
    for number in range(1000):
        try:
            admission.admit(f"call-{number}", now_s)
        except Overloaded as error:
            return number, error
    raise AssertionError("no limit")


def test_the_calls_fit_the_share_of_the_workers_when_refreshed_least_often():
    admission, _ = make()
    count, _ = fill(admission)
    # 0.9 s of speech a second: decoded 1.5 times for good, refreshed every 1.5 s; 0.3 first partials a second.
    per_call = 0.9 * 1.5 * 0.05 + (0.3 + 0.9 / 1.5) * 0.05
    assert count == int(0.8 * 4 / per_call)


def test_the_refusal_says_how_many_run_how_many_fit_and_what_to_change():
    admission, _ = make(workers=1)
    count, error = fill(admission)
    assert error.message == (
        f"{count} live calls run, and this machine carries {count} with model base: "
        "a call takes 11% of a worker, and 80% of 1 worker may be used."
    )
    for advice in ("smaller model", "live.partial_model", "more cores", "max_partial_interval_ms", "live.max_calls"):
        assert advice in error.hint
    assert error.exit_code == 9


def test_a_machine_too_slow_for_one_call_says_so():
    admission, _ = make(costs=Costs(3.0, 3.0), workers=1)
    with pytest.raises(Overloaded, match="0 live calls run, and this machine carries 0 with model base"):
        admission.admit("c1", 0.0)


def test_the_setting_overrides_the_measurement():
    admission, _ = make(costs=None, max_calls=1)
    admission.admit("c1", 0.0)
    with pytest.raises(
        Overloaded, match=r"1 live call runs, and 1 is the most that the setting live\.max_calls"
    ) as info:
        admission.admit("c2", 0.0)
    assert "CALLCORE_LIVE__MAX_CALLS" in info.value.hint


def test_a_call_that_ends_makes_room():
    admission, _ = make(max_calls=1)
    admission.admit("c1", 0.0)
    admission.admit("c1", 0.0)  # it runs already
    admission.release("c1", 1.0)
    admission.release("never came", 1.0)
    admission.admit("c2", 1.0)
    assert admission.calls == 1


def test_what_calls_really_take_counts_more_and_more():
    for share, fewer in ((1.0, True), (0.04, False)):
        admission, meter = make()
        reckoned = admission.limit(0.0)
        admission.admit("c1", 0.0)
        for second in range(1, 1801):
            meter.asked(Rank.FINAL)
            meter.served(Rank.FINAL, share, request(FINAL))
            measured = admission.limit(second)
        assert (measured < reckoned) is fewer
        assert admission.work_per_call(1800.0) == pytest.approx(share, rel=0.2)


def test_refreshes_count_as_if_they_were_rare():
    """Under light load they are frequent; that must not make the machine look full."""
    admission, meter = make(costs=Costs(0.0, 0.0))
    admission.admit("c1", 0.0)
    for _ in range(3600 * 3):  # one every 0.3 s, of which the widest interval leaves a fifth
        meter.asked(Rank.REFRESH)
        meter.served(Rank.REFRESH, 0.1, request(PARTIAL))
    assert admission.work_per_call(3600.0) == pytest.approx(3 * 0.1 * 0.2, rel=0.1)


def test_the_time_of_a_call_that_ended_counts():
    admission, meter = make(costs=Costs(0.0, 0.0))
    for call in ("c1", "c2"):
        admission.admit(call, 0.0)
    meter.served(Rank.FINAL, 200.0, request(FINAL))  # two calls in 1000 s
    admission.release("c2", 1000.0)
    assert admission.work_per_call(1000.0) == pytest.approx(0.1, rel=0.1)


# Calibration


def test_calibration_loads_all_workers_and_forgets_the_first_round():
    engine = GatedEngine(workers=3)
    costs = measure_costs(engine, engine, LiveSettings())
    assert len(engine.decoded) == 2 * 2 * 3
    assert costs.final_per_s >= 0
    assert costs.partial_s >= 0


def test_costs_are_those_of_the_clock():
    clock = HandClock()

    class Slow(GatedEngine):
        def decode(self, requests):
            clock.now_s += 1.0 if requests[0].kind is FINAL else 0.25
            return super().decode(requests)

    costs = measure_costs(Slow(), Slow(), LiveSettings(), clock)
    assert costs == Costs(final_per_s=0.25, partial_s=0.25)


def test_a_recogniser_that_does_not_work_is_found_out_before_the_first_call():
    engine = GatedEngine()
    engine.faults["calibration"] = EngineError("the recogniser failed.")
    scheduler = Scheduler(engine)
    with pytest.raises(EngineError, match="the recogniser failed"):
        scheduler.admit("c1")
    scheduler.close()


def test_the_first_call_is_judged_by_a_calibration_and_the_second_by_the_same():
    engine = GatedEngine(workers=2)
    scheduler = Scheduler(engine)
    scheduler.admit("c1")
    decoded = len(engine.decoded)
    scheduler.admit("c2")
    metrics = scheduler.metrics()
    scheduler.close()
    assert decoded == len(engine.decoded) == 8
    assert metrics.calls == 2
    assert metrics.calls_limit > 2
    assert metrics.work_per_call > 0


def test_the_synthetic_voice_is_loud_and_always_the_same():
    voice = synthetic_voice(2.0)
    assert voice.dtype == "float32"
    assert len(voice) == 32_000
    assert 0.1 < abs(voice).max() <= 1.0
    assert (voice == synthetic_voice(2.0)).all()
