"""Events of live calls, written short."""

from __future__ import annotations

from callcore.types import Final, Partial, Rejected, Turn, Word, samples


def ZH(text, start_s=0.0, end_s=0.0):  # noqa: N802
    """One word a character."""
    step = (end_s - start_s) / max(len(text), 1)
    return tuple(
        Word(char, samples(start_s + index * step), samples(start_s + (index + 1) * step), 0.9)
        for index, char in enumerate(text)
    )


def partial(segment_id, channel, start_s, stable, unstable, end_s=None):
    end_s = start_s + 3 if end_s is None else end_s
    return Partial(segment_id, channel, samples(start_s), samples(end_s), ZH(stable), ZH(unstable), "zh")


def final(segment_id, channel, start_s, end_s, text):
    words = ZH(text, start_s, end_s)
    return Final(segment_id, channel, samples(start_s), samples(end_s), text, words, "zh", -0.2, 0.0, 0.9)


def rejected(segment_id, channel, start_s, end_s):
    return Rejected(segment_id, channel, samples(start_s), samples(end_s), "phantom_text", "", 4)


def turn(turn_id, channel, start_s, end_s, text, segment_ids):
    words = ZH(text, start_s, end_s)
    return Turn(turn_id, channel, samples(start_s), samples(end_s), text, words, "zh", segment_ids)
