"""The batch job with a scripted recogniser: what is done, skipped, failed and stopped, and what is stored of it."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_tools import write, write_float_wav, write_wav_header
from batch_tools import Told, cut, run_job, scripted_model, some_calls, turns_of
from pipeline_tools import say

from callcore.batch.job import BatchJob, Wishes
from callcore.batch.report import Outcome
from callcore.batch.transcriber import Transcriber
from callcore.config import Settings, load_settings
from callcore.engines.scripted import ScriptedEngine
from callcore.errors import CallNotFound, DiskFull, EngineError, OutputError, StoreLocked
from callcore.store import CallWriter, Status, Store


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


def outcomes(summary) -> list[str]:
    return [report.outcome.value for report in summary.reports]


def test_a_second_run_does_nothing_again(tmp_path, db):
    files = some_calls(tmp_path / "in", 3)
    engine = ScriptedEngine(say)
    _, first, _ = run_job(files, db, model=scripted_model(engine=engine))
    asked = len(engine.requests)
    _, second, calls = run_job(files, db, model=scripted_model(engine=engine))
    assert outcomes(first) == ["done"] * 3
    assert outcomes(second) == ["skipped"] * 3
    assert len(engine.requests) == asked > 0
    assert [r.call_id for r in second.reports] == [r.call_id for r in first.reports]
    assert first.audio_s == pytest.approx(15.0, abs=0.1)
    assert second.audio_s == 0
    assert {Path(call.source) for call in calls} == set(files)
    assert all(Path(call.source).is_absolute() for call in calls)


def test_other_settings_or_again_mean_other_work(tmp_path, db):
    files = some_calls(tmp_path / "in", 1)
    run_job(files, db)
    other = Settings().model_copy(update={"turns": Settings().turns.model_copy(update={"max_gap_s": 0.1})})
    _, changed, calls = run_job(files, db, settings=other)
    assert outcomes(changed) == ["done"]
    assert len(calls) == 2
    _, again, calls = run_job(files, db, again=True)
    assert outcomes(again) == ["done"]
    assert len(calls) == 2  # the new one replaced the old
    _, moved, _ = run_job([shutil.copy(files[0], tmp_path / "moved.wav") and tmp_path / "moved.wav"], db)
    assert outcomes(moved) == ["skipped"]


@pytest.mark.parametrize("again", [False, True])
def test_copies_of_one_recording_are_transcribed_once(tmp_path, db, again):
    (first,) = some_calls(tmp_path, 1)
    copies = [Path(shutil.copy(first, tmp_path / f"copy{number}.wav")) for number in range(5)]
    engine = ScriptedEngine(say)
    _, summary, calls = run_job(
        [first, *copies], db, model=scripted_model(engine=engine), jobs=6, again=again, formats=["txt"], folder=tmp_path
    )
    assert sorted(outcomes(summary)) == ["done", *["skipped"] * 5]
    assert len(calls) == 1
    assert len({request.segment_id for request in engine.requests}) == len(engine.requests)
    assert all((tmp_path / f"copy{number}.txt").read_text("utf-8") for number in range(5))


def test_what_another_run_finishes_at_the_last_moment_is_not_done_again(tmp_path, db):
    (file,) = some_calls(tmp_path / "in", 1)

    class Overtaken(Told):
        def opened(self, path, duration_s):
            """The job has looked whether the call is done, and has not begun it yet."""
            super().opened(path, duration_s)
            if len(self.calls) == 2:
                run_job([file], db)

    engine = ScriptedEngine(say)
    _, summary, calls = run_job([file], db, model=scripted_model(engine=engine), progress=Overtaken())
    assert outcomes(summary) == ["skipped"]
    assert summary.reports[0].call_id == calls[0].call_id
    assert len(calls) == 1
    assert not engine.requests


def bad_inputs(folder: Path) -> dict[Path, str]:
    """Unusable files and a word of what is said about each."""
    folder.mkdir()
    good = cut(folder / "cut_in_header.wav", 0, 1).read_bytes()
    (folder / "cut_in_header.wav").write_bytes(good[:30])
    (folder / "text.wav").write_text("hello, not audio\n" * 50)
    (folder / "empty.wav").touch()
    write_wav_header(folder / "no_samples.wav", 1, 1, 8000, 2, 16, b"")
    (folder / "folder.wav").mkdir()
    (folder / "nowhere.wav").symlink_to("gone")
    return {
        folder / "missing.wav": "no such file",
        folder / "cut_in_header.wav": "",
        folder / "text.wav": "not audio",
        folder / "empty.wav": "0 bytes",
        folder / "no_samples.wav": "no samples",
        folder / "folder.wav": "is a folder",
        folder / "nowhere.wav": "no such file",
    }


def test_bad_files_fail_alone_with_one_line_each(tmp_path, db):
    bad = bad_inputs(tmp_path / "bad")
    good = some_calls(tmp_path / "in", 2)
    _, summary, calls = run_job([good[0], *bad, good[1]], db)
    assert outcomes(summary) == ["done", *["failed"] * len(bad), "done"]
    for report in summary.failures:
        assert bad[report.path] in report.error.message
        assert "\n" not in report.error.message
        assert report.error.hint
        assert report.error.exit_code == 3
    assert len(calls) == 2


def test_poor_audio_is_done_with_a_warning(tmp_path, db):
    speech = some_calls(tmp_path, 1)[0]
    cut_short = tmp_path / "cut.wav"
    cut_short.write_bytes(speech.read_bytes()[:50_000])
    nan = tmp_path / "nan.wav"
    write_float_wav(nan, np.where(np.arange(32_000) % 7, 0.0, np.nan)[None, :])
    silent = tmp_path / "silent.wav"
    write(silent, np.zeros((2, 16_000), np.float32), 16_000, "pcm_s16le")
    blink = tmp_path / "blink.wav"
    write(blink, np.zeros((1, 800), np.float32), 8_000, "pcm_s16le")
    _, summary, _ = run_job([cut_short, nan, silent, blink], db)
    kinds = [{warning.kind.value for warning in report.warnings} for report in summary.reports]
    assert outcomes(summary) == ["done"] * 4
    assert "truncated" in kinds[0]
    assert {"not_finite", "no_speech"} <= kinds[1]
    assert "no_speech" in kinds[2]
    assert "no_speech" in kinds[3]


def test_names_as_bad_as_they_come_are_stored_and_found_again(tmp_path, db):
    folder = tmp_path / "in"
    (folder / "a[").mkdir(parents=True)
    wanted = [
        "[red]x.wav",
        "a[/b].wav",
        "a\nb\x1b[31m.wav",
        "x" * 240 + ".wav",
        "-rf.wav",
        "12:30.wav",
        "客户 来电.wav",
    ]
    wanted = [name for name in wanted if len(os.fsencode(name)) <= 255]
    if os.name == "posix":
        wanted.append(os.fsdecode(b"\xff\xfe.wav"))
    files = [cut(folder / f"{number}", 5 * number, 5 * number + 4) for number in range(len(wanted))]
    files = [file.rename(folder / name) for file, name in zip(files, wanted, strict=True)]
    out = tmp_path / "out"
    _, first, calls = run_job(files, db, formats=["json", "txt"], folder=out)
    assert outcomes(first) == ["done"] * len(files)
    assert len(calls) == len(files)
    written = {path for report in first.reports for path in report.outputs}
    assert len(written) == 2 * len(files)
    assert all(path.is_file() for path in written)
    _, second, _ = run_job(files, db, formats=["json", "txt"], folder=out)
    assert outcomes(second) == ["skipped"] * len(files)
    assert {path for report in second.reports for path in report.outputs} == written


def test_the_same_relative_name_in_another_folder_is_another_recording(tmp_path, db, monkeypatch):
    for number, day in enumerate(("monday", "tuesday")):
        (tmp_path / day).mkdir()
        cut(tmp_path / day / "call.wav", 10 * number, 10 * number + 5)
    out = tmp_path / "out"
    monkeypatch.chdir(tmp_path / "monday")
    run_job([Path("call.wav")], db, formats=["txt"], folder=out)
    before = (out / "call.txt").read_bytes()
    monkeypatch.chdir(tmp_path / "tuesday")
    _, summary, calls = run_job([Path("call.wav")], db, formats=["txt"], folder=out)
    assert isinstance(summary.failures[0].error, OutputError)
    assert (out / "call.txt").read_bytes() == before
    # The transcript is not lost: it is in the database, and the error says so.
    assert len(calls) == 2
    assert calls[0].call_id in summary.failures[0].error.hint


def refusing(count: int, error: BaseException):
    """An engine that raises at the first ``count`` requests."""
    left = [count]

    def answer(request):
        if left[0]:
            left[0] -= 1
            raise error
        return say(request)

    return ScriptedEngine(answer)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EngineError("the recogniser failed.", "Try again."), "the recogniser failed."),
        (KeyError("word said in the call"), "internal error: KeyError"),
        (MemoryError(), "not enough memory."),
        (TimeoutError("10 s"), "TimeoutError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_engine_that_raises_fails_its_file_only(tmp_path, db, error, said):
    files = some_calls(tmp_path / "in", 3)
    _, summary, calls = run_job(files, db, model=scripted_model(engine=refusing(1, error)), jobs=1)
    assert outcomes(summary) == ["failed", "done", "done"]
    (failed,) = summary.failures
    assert said in failed.error.message
    assert failed.error.hint
    assert "word said" not in str(failed.error)
    assert failed.error.__traceback__ is None  # it would hold the audio of the call
    assert sorted(call.status for call in calls) == [Status.DONE, Status.DONE, Status.FAILED]
    _, again, calls = run_job(files, db)
    assert outcomes(again) == ["done", "skipped", "skipped"]
    assert [call.status for call in calls] == [Status.DONE] * 3


def test_an_engine_that_loses_an_answer_does_not_hang(tmp_path, db):
    class Forgetful(ScriptedEngine):
        def decode(self, requests):
            return super().decode(requests)[1:]

    files = some_calls(tmp_path / "in", 2)
    _, summary, _ = run_job(files, db, model=scripted_model(engine=Forgetful(say)))
    assert outcomes(summary) == ["failed", "failed"]
    assert "internal error: ValueError" in summary.failures[0].error.message


def test_a_bug_names_where_it_arose(tmp_path, db, monkeypatch):
    monkeypatch.setattr("callcore.batch.transcriber.FaultDetector", None)
    _, summary, _ = run_job(some_calls(tmp_path / "in", 2), db)
    assert outcomes(summary) == ["failed"] * 2
    assert "TypeError at callcore.batch.transcriber:" in summary.failures[0].error.message
    assert "report" in summary.failures[0].error.hint


@pytest.mark.parametrize("error", [DiskFull("no space left.", "Free some."), StoreLocked("in use.", "Wait.")])
def test_what_stops_every_file_stops_the_run(tmp_path, db, monkeypatch, error):
    append = CallWriter.append
    seen = []

    def full(self, events):
        seen.append(self.call_id)
        if len(seen) > 1:
            raise error
        append(self, events)

    monkeypatch.setattr(CallWriter, "append", full)
    job, summary, calls = run_job(some_calls(tmp_path / "in", 5), db, jobs=1)
    assert outcomes(summary) == ["done", "failed", "stopped", "stopped", "stopped"]
    assert job.fatal is error
    assert not job.stopped
    assert [call.status for call in calls] == [Status.INTERRUPTED, Status.DONE]
    monkeypatch.undo()
    _, again, _ = run_job(some_calls(tmp_path / "in", 5), db)
    assert outcomes(again) == ["skipped", "done", "done", "done", "done"]


def test_a_call_deleted_under_the_run_fails_alone(tmp_path, db):
    files = some_calls(tmp_path / "in", 2)

    def delete_first(request):
        with Store.open(db) as store, store._connection.writing() as tables:  # as another program would
            tables.execute("DELETE FROM calls WHERE source LIKE '%call0.wav'")
        return say(request)

    job, summary, calls = run_job(files, db, model=scripted_model(delete_first), jobs=1)
    assert outcomes(summary) == ["failed", "done"]
    assert isinstance(summary.failures[0].error, CallNotFound)
    assert job.fatal is None
    assert [Path(call.source).name for call in calls] == ["call1.wav"]


def test_ctrl_c_keeps_what_is_done_and_marks_the_rest(tmp_path, db):
    files = some_calls(tmp_path / "in", 4)
    main = threading.main_thread().ident
    progress = Told()
    heard = threading.Event()

    def interrupt(number, frame):
        heard.set()
        raise KeyboardInterrupt

    def answer(request):
        if any(report.path == files[0] for report in progress.reports) and not heard.is_set():
            signal.pthread_kill(main, signal.SIGINT)
            assert heard.wait(30)
        return say(request)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        job, summary, calls = run_job(files, db, model=scripted_model(answer), jobs=1, progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)
    assert outcomes(summary)[0] == "done"
    assert outcomes(summary)[2:] == ["stopped", "stopped"]
    assert job.stopped
    assert job.fatal is None
    assert {call.status for call in calls} <= {Status.DONE, Status.INTERRUPTED}
    run_job(files, db)
    uninterrupted = tmp_path / "whole.db"
    run_job(files, uninterrupted)
    assert turns_of(db) == turns_of(uninterrupted)


def test_a_stop_does_not_wait_for_all_that_was_queued(tmp_path, db):
    """Of a call whose audio is all read, what waits for the engine is dropped: only the decode in flight ends."""
    files = some_calls(tmp_path / "in", 1, length_s=40.0)
    begun, go_on = threading.Event(), threading.Event()

    def answer(request):
        begun.set()
        assert go_on.wait(60)
        return say(request)

    engine = ScriptedEngine(answer)
    with Transcriber(Settings(), scripted_model(engine=engine)) as transcriber, Store.open(db) as store:
        job = BatchJob(transcriber, store, Wishes(), Told())

        def interrupt() -> None:
            assert begun.wait(60)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        helper = threading.Thread(target=interrupt)
        helper.start()
        summary = job.run(files)
        helper.join()
        assert outcomes(summary) == ["stopped"]
        assert store.list_calls()[0].status is Status.INTERRUPTED
        go_on.set()
    assert len(engine.requests) == 1


def test_progress_tells_of_each_file_from_beginning_to_end(tmp_path, db):
    (file,) = some_calls(tmp_path / "in", 1)
    progress = Told()
    run_job([file], db, progress=progress)
    assert progress.calls[0] == ("started", file)
    assert progress.calls[1] == ("opened", file, pytest.approx(5.0, abs=0.01))
    assert progress.calls[-1][0] == "advanced"
    assert 0 < progress.calls[-1][2] <= 5.1
    assert [report.outcome for report in progress.reports] == [Outcome.DONE]


def test_a_display_that_breaks_ends_the_run(tmp_path, db):
    class Broken(Told):
        def finished(self, report):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_job(some_calls(tmp_path / "in", 3), db, progress=Broken(), jobs=1)


def test_results_are_named_apart_within_a_run(tmp_path, db):
    files = []
    for number, day in enumerate(("monday", "tuesday")):
        (tmp_path / day).mkdir()
        files.append(cut(tmp_path / day / "call.wav", 8 * number, 8 * number + 5))
    _, summary, _ = run_job(files, db, formats=["srt"], folder=tmp_path / "out")
    assert [path.name for report in summary.reports for path in report.outputs] == [
        "monday-call.srt",
        "tuesday-call.srt",
    ]


def test_reports_do_not_depend_on_the_number_of_jobs(tmp_path):
    files = some_calls(tmp_path / "in", 4)
    one, many = tmp_path / "one.db", tmp_path / "many.db"
    _, first, _ = run_job(files, one, jobs=1)
    _, second, _ = run_job(files, many, jobs=4)
    strip = lambda r: replace(r, call_id="", elapsed_s=0)  # noqa: E731
    assert [strip(r) for r in first.reports] == [strip(r) for r in second.reports]
    assert turns_of(one) == turns_of(many)


def test_words_added_to_the_hotwords_file_make_another_result(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("额度\n", encoding="utf-8")
    settings = load_settings(None, {"recognise": {"hotwords_file": str(words)}})

    def hash_now():
        with Transcriber(settings, scripted_model(engine=ScriptedEngine(say))) as transcriber:
            return transcriber.settings_hash

    before = hash_now()
    assert hash_now() == before
    moved = words.rename(tmp_path / "moved.txt")
    settings = load_settings(None, {"recognise": {"hotwords_file": str(moved)}})
    assert hash_now() == before, "the place of a file is no part of the result"
    moved.write_text("额度\n挂失\n", encoding="utf-8")
    assert hash_now() != before
