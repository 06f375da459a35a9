"""Texts that must be refused, and texts that must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.config import RecogniseSettings
from callcore.recognise.guards import efforts, judge, loop_share
from callcore.types import SAMPLE_RATE_HZ, DecodeResult, Hypothesis, RequestKind

SETTINGS = RecogniseSettings()


def verdict(text, *, speech_s=10.0, language="zh", avg_logprob=-0.2, no_speech=0.0, compression=1.0, voiced=0.9):
    hypothesis = Hypothesis(text, (), (), avg_logprob, compression)
    result = DecodeResult("0-1", RequestKind.FINAL, 0, hypothesis, language, no_speech_probability=no_speech)
    return judge(result, round(speech_s * SAMPLE_RATE_HZ), voiced, SETTINGS)


@pytest.mark.parametrize(
    "text",
    [
        "您好,请问有什么可以帮您?",
        "对对对,是的是的。",
        "我的卡号是六二二八八八八八零零零零一二三四。",
        "谢谢,谢谢,谢谢你。",
        "嗯。",
        "Yes, yes, yes, that is right.",
    ],
)
def test_what_people_say_is_kept(text):
    assert verdict(text).keep


@pytest.mark.parametrize(
    "text", ["我要投诉" * 8, "好的" * 20, "thank you " * 12, "您好" + "谢谢您的来电" * 6, "是" * 40]
)
def test_repetition_loops_are_refused_and_retried(text):
    found = verdict(text, speech_s=20)
    assert found.reason == "repetition_loop"
    assert found.retry


def test_zlib_ratio_above_the_setting_is_a_loop():
    assert verdict("任何文字", compression=2.5).reason == "repetition_loop"


@pytest.mark.parametrize(
    "text", ["字幕由 Amara.org 社区提供", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "Thanks for watching!"]
)
def test_stock_phrases_of_subtitles_are_phantom_text(text):
    assert verdict(text, language="en" if text.isascii() else "zh").reason == "phantom_text"


def test_too_much_text_for_the_speech_is_refused():
    text = "由于您本年度刷卡未满十一次所以收取了账户管理费"
    assert verdict(text, speech_s=1.0).reason == "too_dense"
    assert verdict(text, speech_s=4.0).keep


def test_doubtful_text_on_probable_silence_is_refused_without_retry():
    found = verdict("谢谢", avg_logprob=-1.4, no_speech=0.8)
    assert (found.reason, found.retry) == ("no_speech", False)


def test_doubtful_text_on_speech_is_retried():
    found = verdict("谢谢", avg_logprob=-1.4, no_speech=0.1)
    assert (found.reason, found.retry) == ("low_confidence", True)


def test_doubtful_text_on_a_doubtful_voice_is_phantom_text():
    assert verdict("十元", avg_logprob=-0.8, voiced=0.43).reason == "phantom_text"
    assert verdict("十元", avg_logprob=-0.4, voiced=0.43).keep
    assert verdict("十元", avg_logprob=-0.8, voiced=0.7).keep


def test_no_text_is_retried_only_where_somebody_clearly_spoke():
    assert verdict("。", voiced=0.95).retry
    assert not verdict("", voiced=0.4).retry


@given(st.text(min_size=1, max_size=12).filter(lambda s: s.isalnum()), st.integers(4, 20))
def test_a_repeated_piece_is_all_loop(piece, times):
    assert loop_share(piece * times) == 1.0


@given(st.text(max_size=80))
def test_loop_share_is_a_share(text):
    assert 0.0 <= loop_share(text) <= 1.0


def test_live_never_samples_and_batch_samples_last():
    assert all(step.temperature == 0 for step in efforts(SETTINGS, live=True))
    temperatures = [step.temperature for step in efforts(SETTINGS, live=False)]
    assert temperatures == sorted(temperatures)
    assert temperatures[-2:] == [0.4, 0.8]
