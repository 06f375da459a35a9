"""Texts a recogniser should not have written: repetition loops and phantom text.

Whisper's known faults: it repeats a phrase without end, and it writes stock phrases of its training subtitles over
silence, music and noise (Radford et al. 2022, section 4.5; Koenecke et al., "Careless Whisper", 2024).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from callcore.config import RecogniseSettings
from callcore.types import SAMPLE_RATE_HZ, DecodeResult, Effort, Hypothesis

MIN_LOOP_REPEATS = 4  #: people do say a thing three times
LOOP_SHARE = 0.5  #: of the text that the repeats must cover
MIN_LOOP_TEXT = 16  #: characters; "对对对对对" is said, and harmless
MAX_LOOP_UNIT = 12  #: characters of the repeated piece
MAX_CHARACTERS_PER_S = {"zh": 14.0, "ja": 16.0, "ko": 14.0}  #: of speech; fast Mandarin speakers reach about 8
MAX_LATIN_CHARACTERS_PER_S = 40.0  #: fast English speakers reach about 25
DENSITY_MIN_S = 0.6  #: shorter segments are judged as if they were this long
WEAK_SPEECH = 0.5  #: mean voice probability below which sound is as likely a noise as a voice
CLEAR_SPEECH = 0.8  #: mean voice probability above which a doubtful text is kept, marked by its low probability

# Closing lines and credits of subtitle files, which published Whisper weights write over non-speech. None of them is
# said in a bank's call, so that exact matches may be refused without looking at the audio.
PHANTOM_TEXTS = frozenset(
    """
    字幕由amaraorg社区提供 字幕志愿者杨茜茜 字幕志愿者李宗盛 中文字幕志愿者杨茜茜 中文字幕志愿者李宗盛
    请不吝点赞订阅转发打赏支持明镜与点点栏目 明镜需要您的支持欢迎订阅明镜
    感谢观看 谢谢观看 谢谢大家观看 感谢收看 谢谢收看
    優優獨播劇場yoyotelevisionseriesexclusive 优优独播剧场yoyotelevisionseriesexclusive
    subtitlesbytheamaraorgcommunity thanksforwatching thankyouforwatching
    pleasesubscribetomychannel subscribetomychannel likeandsubscribe
    """.split()
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a text: keep it (no ``reason``), or refuse it; ``retry`` tells whether to try again."""

    reason: str = ""
    detail: str = ""
    retry: bool = False

    @property
    def keep(self) -> bool:
        return not self.reason


def bare(text: str) -> str:
    """``text`` without punctuation, spaces and case: what is compared and counted."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def loop_share(text: str) -> float:
    """Share of ``text`` covered by its longest run of one piece said :data:`MIN_LOOP_REPEATS` times or more, 0..1."""
    plain = bare(text)
    best = 0
    for unit in range(1, min(MAX_LOOP_UNIT, len(plain) // MIN_LOOP_REPEATS) + 1):
        run = 0
        for index in range(unit, len(plain)):
            run = run + 1 if plain[index] == plain[index - unit] else 0
            if run >= unit * (MIN_LOOP_REPEATS - 1):
                best = max(best, run + unit)
    return best / len(plain) if plain else 0.0


def judge(result: DecodeResult, speech_samples: int, speech_probability: float, settings: RecogniseSettings) -> Verdict:
    """Whether the text of ``result`` can have been said in ``speech_samples`` samples of speech.

    ``speech_probability``: mean voice probability of the segment from the VAD, 0..1.
    """
    hypothesis = result.hypothesis
    if hypothesis is None or not bare(hypothesis.text):
        return Verdict("no_text", "the recogniser wrote nothing", retry=speech_probability >= CLEAR_SPEECH)
    text = hypothesis.text
    if bare(text) in PHANTOM_TEXTS:
        return Verdict("phantom_text", "a stock phrase of subtitle files")
    share = loop_share(text)
    if share >= LOOP_SHARE and len(bare(text)) >= MIN_LOOP_TEXT:
        return Verdict("repetition_loop", f"{share:.0%} of the text repeats one piece", retry=True)
    if hypothesis.compression_ratio > settings.max_compression_ratio:
        return Verdict("repetition_loop", f"compression ratio {hypothesis.compression_ratio:.2f}", retry=True)
    density = len(bare(text)) / max(DENSITY_MIN_S, speech_samples / SAMPLE_RATE_HZ)
    limit = MAX_CHARACTERS_PER_S.get(result.language or "", MAX_LATIN_CHARACTERS_PER_S)
    if density > limit:
        return Verdict("too_dense", f"{density:.1f} characters a second", retry=True)
    return _judge_confidence(result, hypothesis, speech_probability, settings)


def _judge_confidence(
    result: DecodeResult, hypothesis: Hypothesis, speech_probability: float, settings: RecogniseSettings
) -> Verdict:
    if speech_probability < WEAK_SPEECH and hypothesis.avg_logprob < settings.min_avg_logprob_weak:
        detail = f"voice probability {speech_probability:.2f}, mean log probability {hypothesis.avg_logprob:.2f}"
        return Verdict("phantom_text", detail)
    if hypothesis.avg_logprob >= settings.min_avg_logprob:
        return Verdict()
    detail = f"mean log probability {hypothesis.avg_logprob:.2f}, no-speech {result.no_speech_probability:.2f}"
    if result.no_speech_probability > settings.no_speech_probability:
        return Verdict("no_speech", detail)
    return Verdict("low_confidence", detail, retry=True)


def efforts(settings: RecogniseSettings, live: bool) -> Sequence[Effort]:
    """Attempts in order. Live gets one retry at the full window; batch may also forbid repeats and sample.

    Sampling (temperature above 0) comes last: it is not reproducible from run to run.
    """
    steps = [Effort(), Effort(full_window=True)]
    if live:
        return steps
    steps.append(Effort(full_window=True, no_repeat_ngram=3))
    steps.extend(Effort(full_window=True, temperature=value) for value in settings.fallback_temperatures)
    return steps


def better(first: DecodeResult, second: DecodeResult) -> DecodeResult:
    """Of two readings of one segment, the one with the higher mean log probability; the first when equal."""
    a = first.hypothesis.avg_logprob if first.hypothesis else float("-inf")
    b = second.hypothesis.avg_logprob if second.hypothesis else float("-inf")
    return first if a >= b else second


def acceptable_at_last(speech_probability: float) -> bool:
    """Whether a text still doubted after the last attempt is kept (with its low probability): people did speak."""
    return speech_probability >= CLEAR_SPEECH
