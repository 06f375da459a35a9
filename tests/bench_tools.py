"""References made up by hand, and what a perfect listener would show of them."""

from __future__ import annotations

from hypothesis import strategies as st

from callcore.bench.protocol import ShownLog
from callcore.bench.reference import ReferenceTurn, build_reference

HAN = "您好请问有什么可以帮我的信用卡怎办今天气不错银行客服中心为保证质量电话录音"


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def reference_of(*turns, channel_count=2, duration_s=100.0, step_s=0.25):
    """Turns of (channel, start_s, text): a character lasts ``step_s``, without pauses."""
    built = []
    for channel, start_s, text in turns:
        timed = [(c, start_s + i * step_s, start_s + (i + 1) * step_s) for i, c in enumerate(text)]
        built.append((channel, ReferenceTurn(start_s, start_s + len(text) * step_s, text), timed))
    return build_reference(built, channel_count, duration_s, "by hand")


def log_of(*rows):
    """Rows of (at_s, channel, final, committed, tentative), the last two following the text before."""
    clock = Hand()
    log = ShownLog(clock)
    for at_s, channel, final, committed, tentative in rows:
        clock.now_s = at_s
        log.show(channel, final=final, committed=committed, tentative=tentative)
    return list(log)


def perfect(reference, shown_s, commit_s, final_s):
    """A listener who errs never: words shown and committed so long after their ends, turns final after theirs."""
    rows = []
    for channel, (turns, units) in enumerate(zip(reference.turns, reference.units, strict=True)):
        text = "".join(unit.text for unit in units)
        shown = [unit.end_s + shown_s for unit in units]
        committed = [unit.end_s + commit_s for unit in units]
        final = [turns[unit.turn].end_s + final_s for unit in units]
        for at_s in sorted({*shown, *committed, *final}):
            ends = (sum(moment <= at_s for moment in moments) for moments in (final, committed, shown))
            made_final, promised, seen = ends
            rows.append((at_s, channel, text[:made_final], text[made_final:promised], text[promised:seen]))
    return log_of(*sorted(rows))


@st.composite
def calls(draw):
    """Turns of one or two channels that follow one another with pauses."""
    turns, at_s = [], 0.5
    for _ in range(draw(st.integers(1, 6))):
        text = "".join(draw(st.lists(st.sampled_from(HAN), min_size=1, max_size=12)))
        turns.append((draw(st.integers(0, 1)), at_s, text))
        at_s = round(at_s + 0.25 * len(text) + draw(st.integers(5, 20)) / 10, 3)
    return reference_of(*turns, duration_s=at_s)
