"""SRT and WebVTT, through pysubs2; every cue names its speaker."""

from __future__ import annotations

import html

import pysubs2

from callcore.output.cues import Cue, cues
from callcore.record import CallRecord
from callcore.types import SAMPLE_RATE_HZ

# SRT has no escapes: signs that players take for markup are shown by their full-width twins.
_SRT_SAFE = str.maketrans("<>{}\\", "＜＞｛｝＼")
# pysubs2 turns \N, \n and \h of its own notation into white space, in every format.
_VTT_SAFE = str.maketrans("\\", "＼")


def render_srt(record: CallRecord) -> str:
    """SubRip: the speaker's name and a colon before the text."""
    return _written(record, "srt")


def render_vtt(record: CallRecord) -> str:
    """WebVTT: the speaker as a voice tag (``<v Agent>``)."""
    return _written(record, "vtt")


def _written(record: CallRecord, file_format: str) -> str:
    text = _srt_text if file_format == "srt" else _vtt_text
    subtitles = pysubs2.SSAFile()
    subtitles.events = [
        pysubs2.SSAEvent(start=start, end=max(_ms(cue.end_sample), start + 1), text=text(cue))
        for cue in cues(record)
        for start in [_ms(cue.start_sample)]
    ]
    written: str = subtitles.to_string(file_format, keep_ssa_tags=True)
    return written


def _srt_text(cue: Cue) -> str:
    colon = ":" if cue.speaker.isascii() else "："
    space = " " if cue.speaker.isascii() else ""
    return f"{cue.speaker}{colon}{space}" + "\n".join(cue.lines).translate(_SRT_SAFE)


def _vtt_text(cue: Cue) -> str:
    spoken = html.escape("\n".join(cue.lines).translate(_VTT_SAFE), quote=False)
    return f"<v {html.escape(cue.speaker)}>{spoken}"


def _ms(sample: int) -> int:
    return round(sample * 1000 / SAMPLE_RATE_HZ)
