"""The table of output formats."""

from __future__ import annotations

from collections.abc import Callable

from callcore.errors import ConfigError
from callcore.output.document import render_json, render_jsonl
from callcore.output.labels import encodable
from callcore.output.subtitles import render_srt, render_vtt
from callcore.output.tables import render_csv, render_txt
from callcore.record import CallRecord

FORMATS: dict[str, tuple[str, str]] = {
    "json": (".json", "one document: turns, words with times, channels, warnings (versioned schema)"),
    "jsonl": (".jsonl", "the events of the call, one a line"),
    "srt": (".srt", "subtitles for players, speaker before the text"),
    "vtt": (".vtt", "subtitles for browsers, speaker as voice tag"),
    "txt": (".txt", "the conversation to read"),
    "csv": (".csv", "one row a turn, for spreadsheets"),
}  #: name -> (extension, one-line help)

_RENDERERS: dict[str, Callable[[CallRecord], str]] = {
    "json": render_json,
    "jsonl": render_jsonl,
    "srt": render_srt,
    "vtt": render_vtt,
    "txt": render_txt,
    "csv": render_csv,
}


def render(record: CallRecord, fmt: str) -> str:
    """The record in a format of :data:`FORMATS`; can always be encoded as UTF-8. Pure.

    Raises :class:`~callcore.errors.ConfigError` on an unknown format.
    """
    if fmt not in _RENDERERS:
        raise ConfigError(f"unknown output format {fmt!r}.", f"Formats: {', '.join(FORMATS)}.")
    return encodable(_RENDERERS[fmt](record))
