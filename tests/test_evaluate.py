"""Error rates: known answers counted by hand, and what must hold of any texts."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.cli import run
from callcore.errors import AudioUnreadable, ConfigError
from callcore.evaluate.normalise import ENGLISH, MANDARIN, english_units, mandarin_units, normaliser_for
from callcore.evaluate.rates import Counts, compare, interval
from callcore.evaluate.recognition import Outcome, Recognised, evaluate, hypotheses, read_set


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("您好，江城银行！", "您 好 江 城 银 行"),
        ("工号３２75。", "工 号 三 二 七 五"),
        ("帳戶餘額", "帐 户 余 额"),
        ("幺三八〇两", "一 三 八 零 二"),
        ("我用iPhone 15 付款", "我 用 iphone 一 五 付 款"),
        ("VIP卡don't", "vip 卡 don't"),
        ("50%", "五 零"),
        ("五十", "五 十"),
        ("A股3.5", "a 股 三 五"),
        ("  …… ", ""),
    ],
)
def test_zh_cer_1_is_as_declared(text: str, units: str) -> None:
    assert mandarin_units(text) == units.split()


def test_en_wer_1_is_whispers_english_normaliser() -> None:
    assert english_units("I'd like, um, twenty one dollars!") == ["i", "would", "like", "$21"]
    assert english_units("The colour of Mr. Smith") == ["the", "color", "of", "mister", "smith"]


def test_the_normaliser_follows_language_and_script() -> None:
    assert normaliser_for("zh-CN", "") is MANDARIN
    assert normaliser_for("en", "hello") is ENGLISH
    assert normaliser_for("en+zh", "hello 你好") is MANDARIN
    assert normaliser_for("", "你好") is MANDARIN
    assert normaliser_for("", "hello") is ENGLISH


# Counted by hand. 尾号五八一六 against 尾号五八六: one deletion, of a digit.
@pytest.mark.parametrize(
    ("reference", "heard", "counts"),
    [
        ("我的卡丢了。", "我的卡丢了", Counts(5)),
        ("我的卡丢了。", "我得卡丢了吗", Counts(5, substitutions=1, insertions=1)),
        ("尾号5816", "尾号586", Counts(6, deletions=1, digit_units=4, digit_errors=1)),
        ("尾号5816", "尾巴五八一七", Counts(6, substitutions=2, digit_units=4, digit_errors=1)),
        ("你好", "你好3", Counts(2, insertions=1, digit_errors=1)),
        ("你好", "", Counts(2, deletions=2)),
        ("", "谢谢观看", Counts(insertions=4)),
        ("用iPhone付", "用爱疯付", Counts(3, substitutions=1, insertions=1)),
    ],
)
def test_mandarin_errors_counted_by_hand(reference: str, heard: str, counts: Counts) -> None:
    assert compare(reference, heard, MANDARIN) == counts


def test_english_errors_counted_by_hand() -> None:
    counts = compare("please call two hundred times", "please fall 200 the times now", ENGLISH)
    # please call 200 times / please fall 200 the times now: one substitution, two insertions
    assert counts == Counts(4, substitutions=1, insertions=2, digit_units=1)
    assert counts.rate == 3 / 4
    assert counts.digit_rate == 0
    assert counts.other_rate == 1


def test_totals_are_micro_averages_and_digits_stand_apart() -> None:
    total = compare("尾号5816", "尾号586", MANDARIN) + compare("你好", "你", MANDARIN)
    assert total == Counts(8, deletions=2, digit_units=4, digit_errors=1)
    assert (total.rate, total.digit_rate, total.other_rate) == (0.25, 0.25, 0.25)


def test_no_reference_has_no_rate() -> None:
    assert Counts(insertions=3).rate is None
    assert Counts(insertions=3).digit_rate is None
    assert Counts(2, digit_units=2).other_rate is None


def test_the_interval_holds_the_rate_and_is_the_same_each_time() -> None:
    files = [Counts(10, substitutions=errors) for errors in (0, 1, 2, 3, 1, 0, 2, 5)]
    low, high = interval(files) or (1, 0)
    assert low < 14 / 80 < high
    assert interval(files) == (low, high)
    assert interval([Counts(10, 1)] * 5) == (0.1, 0.1)
    assert interval(files[:1]) is None
    assert interval([Counts(insertions=1), Counts(insertions=2)]) is None


texts = st.text(st.sampled_from("我的卡丢了一二三12, 。abc "), max_size=20)


@given(texts, texts)
def test_counts_add_up(reference: str, heard: str) -> None:
    wanted, units = mandarin_units(reference), mandarin_units(heard)
    counts = compare(reference, heard, MANDARIN)
    assert counts.units == len(wanted)
    assert len(units) == len(wanted) - counts.deletions + counts.insertions
    assert 0 <= counts.digit_errors <= counts.errors <= max(len(wanted), len(units))
    assert (counts.errors == 0) == (wanted == units)
    assert compare(reference, reference, MANDARIN).errors == 0


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = mandarin_units(text)
    assert mandarin_units(" ".join(once)) == once


SET = """path\ttext\tlang\tkind\tseconds\tdomain
a.wav\t我的卡丢了\tzh\t\t2\tcard
b.wav\tHello there\ten\t\t1\tother
c.wav\t尾号5816\tzh\t\t3\tcard
d.wav\t[keywords only] loan\ten\t\t9\tother
e.wav\t\tzh\t\t9\tother
n.wav\t\t\tnoise\t1800\tother
gone.wav\t再见\tzh\t\t1\tother
"""
HEARD = "path\ttext\na.wav\t我的卡掉了。\nb.wav\thello\nc.wav\t尾号五八一六\nn.wav\t谢谢观看 bye\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "set.tsv").write_text(SET, encoding="utf-8")
    (tmp_path / "heard.tsv").write_text(HEARD, encoding="utf-8")
    return tmp_path / "set.tsv", tmp_path / "heard.tsv"


def test_a_set_is_scored_row_by_row(files: tuple[Path, Path]) -> None:
    report = evaluate(read_set(files[0]), hypotheses(files[1]))
    outcomes = {one.row.path: one.outcome for one in report.scored}
    assert outcomes == {
        "a.wav": Outcome.SCORED,
        "b.wav": Outcome.SCORED,
        "c.wav": Outcome.SCORED,
        "d.wav": Outcome.KEYWORDS_ONLY,
        "e.wav": Outcome.NO_TRANSCRIPT,
        "n.wav": Outcome.NO_SPEECH,
        "gone.wav": Outcome.FAILED,
    }
    rates = {total.normaliser.name: total.counts.rate for total in report.totals()}
    assert rates == {"zh-cer-1": 1 / 11, "en-wer-1": 1 / 2}
    assert {total.group: total.counts.units for total in report.totals("domain")} == {"card": 11, "other": 2}
    assert report.invented == 5, "four characters and a word"
    assert report.invented_per_hour == 10
    assert [one.row.path for one in report.worst(2)] == ["b.wav", "a.wav"]


def test_rows_without_text_can_be_declared_silent(files: tuple[Path, Path]) -> None:
    report = evaluate(read_set(files[0]), lambda row: Recognised([("嗯", 0, 1)], 36.0), no_speech=True)
    assert len(report.of(Outcome.NO_SPEECH)) == 2
    assert report.invented_per_hour == pytest.approx(100)


def test_a_file_that_cannot_be_done_does_not_stop_the_others(files: tuple[Path, Path]) -> None:
    def recognise(row):
        if row.path == "a.wav":
            raise AudioUnreadable("a.wav holds no audio.")
        return Recognised([(row.text[2:], 1, 2), (row.text[:2], 0, 1)])

    report = evaluate(read_set(files[0]), recognise)
    assert [(one.row.path, one.reason) for one in report.of(Outcome.FAILED)] == [("a.wav", "a.wav holds no audio.")]
    zh = next(total for total in report.totals() if total.normaliser is MANDARIN)
    assert zh.counts.errors == 0, "pieces are put in order of time"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("path\tlang\nx\tzh\n", "no column text"),
        ("a,b\n1,2\n", "path or text"),
        ("path\ttext\n", "no rows"),
        ("", "no column"),
    ],
)
def test_sets_that_cannot_be_used_are_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "set.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        read_set(tmp_path / "set.tsv")


def test_a_set_that_is_not_there_or_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_set(tmp_path / "none.tsv")
    (tmp_path / "gbk.tsv").write_bytes("path\ttext\na\t我的卡\n".encode("gbk"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_set(tmp_path / "gbk.tsv")


def test_quotes_and_short_lines_are_taken_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "set.tsv").write_text('\ufeffpath\ttext\tlang\na.wav\t"say "hi\tx\nb.wav\n', encoding="utf-8")
    rows = read_set(tmp_path / "set.tsv")
    assert [row.text for row in rows] == ['"say "hi', ""]
    assert rows[0].audio == tmp_path / "a.wav"


def test_command_prints_rates_worst_files_and_what_failed(files: tuple[Path, Path], capsys) -> None:
    code = run(["evaluate", "recognition", str(files[0]), "--hypotheses", str(files[1]), "--by", "lang"])
    printed = capsys.readouterr().out
    assert code == 3, "a row had no hypothesis"
    for part in ("zh-cer-1", "9.09", "en-wer-1", "50.00", "CER, lang zh", "gone.wav", "10.0 an hour", "keywords only"):
        assert part in printed
    assert "我的卡" not in printed


def test_command_writes_json(files: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    output = tmp_path / "rates.json"
    base = ["evaluate", "recognition", str(files[0]), "--hypotheses", str(files[1]), "--format", "json"]
    run([*base, "--output", str(output), "--by", "domain"])
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(output.read_text(encoding="utf-8"))
    assert printed["rows"] == {"scored": 3, "no_speech": 1, "keywords_only": 1, "no_transcript": 1, "failed": 1}
    assert [total["normaliser"] for total in printed["totals"]] == ["en-wer-1", "zh-cer-1"]
    assert printed["totals"][1]["substitutions"] == 1
    assert printed["silence"]["invented_per_hour"] == 10
    assert not any("hypothesis" in one or "reference" in one for one in printed["files"])
    run([*base, "--texts"])
    assert json.loads(capsys.readouterr().out)["files"][0]["hypothesis"] == "我的卡掉了。"


def test_command_says_what_is_wrong_in_one_line(files: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    assert run(["evaluate", "recognition", str(tmp_path / "none.tsv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert run(["evaluate", "recognition", str(files[0]), "--by", "colour"]) == 2
    assert "no column colour" in capsys.readouterr().err
    unwritable = ["--output", str(tmp_path / "no" / "folder.json")]
    assert run(["evaluate", "recognition", str(files[0]), "--hypotheses", str(files[1]), *unwritable]) == 6
    assert "cannot be written" in capsys.readouterr().err


@pytest.fixture
def turns_set(tmp_path: Path, fixture_call, fixture_call_reference) -> Path:
    """Four turns of the bundled call as files, with their texts, and a file that is missing."""
    with wave.open(str(fixture_call)) as call:
        rate, pcm = call.getframerate(), np.frombuffer(call.readframes(call.getnframes()), "<i2").reshape(-1, 2)
    lines = ["path\ttext\tlang"]
    for index, turn in enumerate(fixture_call_reference["turns"][12:16]):
        name = f"turn{index}.wav"
        with wave.open(str(tmp_path / name), "wb") as cut:
            cut.setparams((1, 2, rate, 0, "NONE", ""))
            start, end = round((turn["start"] - 0.4) * rate), round((turn["end"] + 0.4) * rate)
            cut.writeframes(np.ascontiguousarray(pcm[start:end, turn["channel"]]).tobytes())
        lines.append(f"{name}\t{turn['text']}\tzh")
    lines.append("missing.wav\t你好\tzh")
    table = tmp_path / "set.tsv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def test_recognition_by_the_model_itself(turns_set: Path, capsys) -> None:
    code = run(["evaluate", "recognition", str(turns_set), "--model", "starter-zh", "--format", "json"])
    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    assert code == 3, "one file is missing"
    assert printed["model"] == "starter-zh"
    assert printed["rows"]["failed"] == 1
    (total,) = printed["totals"]
    assert total["units"] > 50
    assert total["rate"] < 0.2


def test_padding_is_compared_with_the_full_window(turns_set: Path, capsys) -> None:
    command = ["evaluate", "padding", str(turns_set), "--model", "starter-zh", "--paddings", "0,3,full"]
    assert run(command) == 3, "one file is missing"
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "zh-cer-1" in line]
    assert [row[0] for row in rows] == ["0", "3", "full"]
    rates = [float(row[2]) for row in rows]
    assert rates[1] <= rates[0]


@pytest.mark.parametrize("last", ["31", "-1", "nan", "inf"])
def test_a_padding_out_of_bounds_is_refused_before_anything_is_measured(turns_set, monkeypatch, capsys, last) -> None:
    monkeypatch.setattr("callcore.cli.evaluate.transcriptions", None)
    assert run(["evaluate", "padding", str(turns_set), "--paddings", f"1,{last}"]) == 2
    assert "padding_s" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["recognition", "tickets", "redaction", "understanding"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_measured(
    turns_set, tmp_path, monkeypatch, capsys, kind
) -> None:
    for work in ("transcriptions", "read_set"):
        monkeypatch.setattr(f"callcore.cli.evaluate.{work}", None, raising=False)
    data = [str(turns_set)] if kind in ("recognition", "tickets") else []
    for place in (tmp_path / "nowhere" / "report.json", tmp_path):
        assert run(["evaluate", kind, *data, "--output", str(place)]) == 6
        out, err = capsys.readouterr()
        assert (out, f"{place} cannot be written" in err) == ("", True)


def test_paddings_that_are_no_numbers_are_refused(turns_set: Path, capsys) -> None:
    assert run(["evaluate", "padding", str(turns_set), "--paddings", "much"]) == 2


def test_an_unknown_model_ends_the_evaluation(files: tuple[Path, Path], capsys) -> None:
    assert run(["evaluate", "recognition", str(files[0]), "--model", "nothing-of-the-kind"]) == 4
    assert "nothing-of-the-kind" in capsys.readouterr().err


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["speech_zh", "speech_en"])
def test_references_scored_against_themselves_are_without_error(shared_data: Path, name: str) -> None:
    report = evaluate(read_set(shared_data / name / "transcripts.tsv"), lambda row: Recognised([(row.text, 0.0, 1.0)]))
    assert len(report.of(Outcome.SCORED)) > 200
    assert all(total.counts.errors == 0 for total in report.totals())
