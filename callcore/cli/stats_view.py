"""Call statistics on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from callcore.output.labels import speaker_labels
from callcore.stats import CallStats, ChannelStats
from callcore.text.chars import is_chinese
from callcore.text.clock import clock
from callcore.types import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from rich.console import Group

_ENGLISH = {
    "talk": "Talk time",
    "share": "Share of talk",
    "turns": "Turns",
    "monologue": "Longest monologue",
    "rate": "Speaking rate",
    "pace": "Syllables a second",
    "interruptions": "Interruptions",
    "backchannels": "Back-channels",
    "answer": "Answers after (median)",
    "slow_answer": "Answers after (95 %)",
    "probability": "Mean word probability",
    "characters": "{:.0f} characters/min",
    "words": "{:.0f} words/min",
    "pauses": "Dead air {dead_air} · holds {hold}",
    "none": "none",
    "interruption": "interruption",
    "dead_air": "dead air",
    "hold": "hold",
    "music": "music or tones",
    "times": "{count} ({length})",
    "call": "Call {length} · both quiet {silence} · talking at once {overlap} · longest silence {longest} from {at}",
}
_CHINESE = {
    "talk": "讲话时长",
    "share": "讲话占比",
    "turns": "话轮数",
    "monologue": "最长独白",
    "rate": "语速",
    "pace": "每秒音节",
    "interruptions": "打断次数",
    "backchannels": "附和次数",
    "answer": "应答间隔（中位）",
    "slow_answer": "应答间隔（95%）",
    "probability": "平均词置信度",
    "characters": "{:.0f} 字/分",
    "words": "{:.0f} 词/分",
    "pauses": "冷场 {dead_air} · 保持 {hold}",
    "none": "无",
    "interruption": "打断",
    "dead_air": "冷场",
    "hold": "保持",
    "music": "音乐或信号音",
    "times": "{count} 次（{length}）",
    "call": "通话 {length} · 静默 {silence} · 重叠 {overlap} · 最长静默 {longest}，起于 {at}",
}


def render_stats(stats: CallStats, language: str) -> Group:
    """A table with one column a speaker, the figures of the whole call below it; words in Chinese for Chinese calls."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    words = _CHINESE if is_chinese(language) else _ENGLISH
    labels = speaker_labels({side.channel: side.role for side in stats.channels}, language)
    table = Table()
    table.add_column("")
    for side in stats.channels:
        table.add_column(labels[side.channel], justify="right")
    for name, figure in _rows(words):
        table.add_row(name, *(figure(side) for side in stats.channels))
    return Group(table, Text(_whole_call(stats, words)), Text(_pauses(stats, words)))


def render_incidents(stats: CallStats, language: str) -> Group:
    """A line for each incident: when it began, how long it was, what it was and whose doing."""
    from rich.console import Group
    from rich.text import Text

    words = _CHINESE if is_chinese(language) else _ENGLISH
    labels = speaker_labels({side.channel: side.role for side in stats.channels}, language)
    lines = []
    for one in sorted(stats.incidents, key=lambda one: (one.start_sample, one.kind)):
        who = "" if one.channel is None else labels.get(one.channel, str(one.channel))
        length = _length(one.end_sample - one.start_sample)
        cells = (clock(one.start_sample), f"{length:>7}", words.get(one.kind, one.kind), who)
        lines.append(Text("  ".join(cells).rstrip()))
    return Group(*lines)


def _rows(words: dict[str, str]) -> list[tuple[str, Callable[[ChannelStats], str]]]:
    def rate(side: ChannelStats) -> str:
        return "-" if side.units_per_minute is None else words[side.unit].format(side.units_per_minute)

    def probability(side: ChannelStats) -> str:
        return "-" if side.mean_word_probability is None else f"{side.mean_word_probability:.2f}"

    return [
        (words["talk"], lambda side: _length(side.talk_samples)),
        (words["share"], lambda side: f"{side.share:.0%}"),
        (words["turns"], lambda side: str(side.turn_count)),
        (words["monologue"], lambda side: _length(side.longest_monologue_samples)),
        (words["rate"], rate),
        (words["pace"], lambda side: "-" if side.syllables_per_s is None else f"{side.syllables_per_s:.1f}"),
        (words["interruptions"], lambda side: str(side.interruptions)),
        (words["backchannels"], lambda side: str(side.backchannels)),
        (words["answer"], lambda side: _delay(side.answers.median_s)),
        (words["slow_answer"], lambda side: _delay(side.answers.p95_s)),
        (words["probability"], probability),
    ]


def _whole_call(stats: CallStats, words: dict[str, str]) -> str:
    start, end = stats.longest_silence
    return words["call"].format(
        length=_length(stats.length_samples),
        silence=_part(stats.silence_samples, stats),
        overlap=_part(stats.overlap_samples, stats),
        longest=_length(end - start),
        at=clock(start),
    )


def _pauses(stats: CallStats, words: dict[str, str]) -> str:
    def told(kind: str) -> str:
        lengths = stats.lengths(kind)
        return words["times"].format(count=len(lengths), length=_length(sum(lengths))) if lengths else words["none"]

    return words["pauses"].format(dead_air=told("dead_air"), hold=told("hold"))


def _delay(delay_s: float | None) -> str:
    return "-" if delay_s is None else f"{delay_s:.1f} s"


def _part(part: int, stats: CallStats) -> str:
    share = part / stats.length_samples if stats.length_samples else 0.0
    return f"{_length(part)} ({share:.0%})"


def _length(sample_count: int) -> str:
    return f"{seconds(sample_count):.1f} s" if sample_count < 60 * SAMPLE_RATE_HZ else clock(sample_count)
