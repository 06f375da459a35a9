"""Turns cut into subtitle cues at word times: at most two lines, at most seven seconds, speakers never mixed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcore.output.labels import columns, one_line, record_labels
from callcore.record import CallRecord
from callcore.text.chars import HAN_CHARACTER
from callcore.text.phrases import phrases
from callcore.types import MASK, Turn, Word, samples, text_of

MAX_CUE_S = 7.0
MIN_CUE_S = 0.8  #: shorter cues stay on the screen this long, unless the same speaker's next cue comes first
LINE_COLUMNS = 42  #: 21 Han characters; common practice of subtitlers

LONGEST_PHRASE = 8  #: characters that are never parted

_SENTENCE_END = "。！？!?…"
_CLAUSE_END = "，、；：,;:."
_PAUSE_S = 0.3
_MIDDLE = (0.15, 0.85)  # cuts outside this share of the words would leave scraps
# One Han character, kana or full-width sign, or a run of other characters: what a word is when a turn brings none.
_HAN_LIKE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
_TOKEN = re.compile(rf"(\s*)([{_HAN_LIKE}]|[^\s{_HAN_LIKE}]+)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen from ``start_sample`` to ``end_sample``; ``lines`` without the speaker's name."""

    channel: int
    speaker: str
    start_sample: int
    end_sample: int
    lines: tuple[str, ...]


def cues(record: CallRecord) -> list[Cue]:
    """The cues of a call in order of their start; cues of speakers who overlap overlap as well."""
    labels = record_labels(record)
    found = []
    for turn in record.turns:
        speaker = labels[turn.channel]
        lead = columns(speaker) + 2
        for part in _split(_phrased(_spoken(turn)), lead):
            start = min(word.start_sample for word in part)
            end = max(word.end_sample for word in part)
            found.append(Cue(turn.channel, speaker, start, end, tuple(_wrap(part, lead))))
    found.sort(key=lambda cue: (cue.start_sample, cue.channel, cue.end_sample))
    return _long_enough(found)


def _spoken(turn: Turn) -> list[Word]:
    """The words of a turn as they are to be shown; made up from its text where the words do not spell it."""
    words = [replace(word, text=text) for word in turn.words if (text := one_line(word.text))]
    text = one_line(turn.text)
    if "".join(word.text for word in words).replace(" ", "") == text.replace(" ", ""):
        return words
    tokens = [(bool(space), token) for space, token in _TOKEN.findall(text)]
    total = sum(columns(token) for _, token in tokens)
    words, done = [], 0
    for space, token in tokens:
        start, done = done, done + columns(token)
        times = [
            turn.start_sample + (turn.end_sample - turn.start_sample) * at // max(total, 1) for at in (start, done)
        ]
        words.append(Word(token, times[0], times[1], 0.0, space))
    return words


def _phrased(words: Sequence[Word]) -> list[Word]:
    """The words with the Han characters of a phrase made one word, so that no line ends within it."""
    starts = [start for start, _ in phrases(text_of(words))]
    said: list[Word] = []
    at = last = 0
    for word in words:
        at += word.space_before
        phrase = bisect_right(starts, at)
        if phrase == last and HAN_CHARACTER.match(word.text) and len(said[-1].text) < LONGEST_PHRASE:
            end = max(said[-1].end_sample, word.end_sample)
            said[-1] = replace(said[-1], text=text_of([replace(said[-1], space_before=False), word]), end_sample=end)
        else:
            said.append(word)
        at, last = at + len(word.text), phrase
    return said


def _split(words: Sequence[Word], lead: int) -> list[Sequence[Word]]:
    """The words in parts that fit a cue each; halves, halved again while they are too long."""
    if not words:
        return []
    if len(words) == 1 or _fits(words, lead):
        return [words]
    first, last = (max(1, min(len(words) - 1, round(share * len(words)))) for share in _MIDDLE)
    cut = max(range(first, last + 1), key=lambda at: _goodness(words, at))
    return [*_split(words[:cut], lead), *_split(words[cut:], lead)]


def _fits(words: Sequence[Word], lead: int) -> bool:
    length = max(word.end_sample for word in words) - min(word.start_sample for word in words)
    return length <= samples(MAX_CUE_S) and all(
        columns(line) <= LINE_COLUMNS - (lead if number == 0 else 0) for number, line in enumerate(_wrap(words, lead))
    )


def _wrap(words: Sequence[Word], lead: int) -> list[str]:
    """The words on one line, or on two where one is too long; ``lead`` columns of the first are the speaker's."""
    whole = _joined(words)
    width = columns(whole)
    if width <= LINE_COLUMNS - lead or width > 2 * LINE_COLUMNS - lead or len(words) == 1:
        return [whole]
    halves = [
        (_goodness(words, at), _joined(words[:at]), tail)
        for at in range(1, len(words))
        # A line of digits alone is taken for the next cue's number by readers of SRT.
        if not (tail := _joined(words[at:])).replace(" ", "").isdigit()
    ]
    fitting = [half for half in halves if columns(half[1]) <= LINE_COLUMNS - lead and columns(half[2]) <= LINE_COLUMNS]
    return list(max(fitting)[1:]) if fitting else [whole]


def _goodness(words: Sequence[Word], at: int) -> float:
    """How well a text breaks before word ``at``: after a sentence, a clause or a pause, and near its middle."""
    before, after = words[at - 1], words[at]
    if not any(char.isalnum() or char == MASK for char in after.text):
        return -9.0  # punctuation stays with its word
    if before.text[-1] in _SENTENCE_END:
        strength = 1.0
    elif before.text[-1] in _CLAUSE_END:
        strength = 0.7
    elif after.start_sample - before.end_sample >= samples(_PAUSE_S):
        strength = 0.5
    else:
        strength = 0.0
    return strength - 2.4 * abs(at / len(words) - 0.5)


def _joined(words: Sequence[Word]) -> str:
    return text_of(words).strip()


def _long_enough(found: list[Cue]) -> list[Cue]:
    """Cues with short ones prolonged, and none without length."""
    following: dict[int, int] = {}
    prolonged = []
    for cue in reversed(found):
        wanted = cue.start_sample + samples(MIN_CUE_S)
        end = max(cue.end_sample, min(wanted, following.get(cue.channel, wanted)))
        prolonged.append(replace(cue, end_sample=max(end, cue.start_sample + samples(0.001))))
        following[cue.channel] = cue.start_sample
    return prolonged[::-1]
