"""Turns one a line: text to read, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io

from callcore.output.labels import columns, one_line, padded, record_labels, source_name
from callcore.record import CallRecord
from callcore.text.clock import clock
from callcore.types import seconds

CSV_COLUMNS = (
    "call_id",
    "source",
    "turn",
    "channel",
    "role",
    "speaker",
    "start_s",
    "end_s",
    "language",
    "text",
    "mean_probability",
)
BYTE_ORDER_MARK = "\ufeff"  #: without it Excel reads UTF-8 in the local code page

# What spreadsheets take for the start of a formula (OWASP, "CSV Injection"), full-width twins included.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")


def render_txt(record: CallRecord) -> str:
    """The conversation to read: time, speaker and text of a turn a line, aligned; warnings first."""
    labels = record_labels(record)
    width = max((columns(label) for label in labels.values()), default=0)
    facts = [source_name(record), clock(record.sample_count), record.language]
    lines = ["  ".join(fact for fact in facts if fact)]
    lines += [f"! {one_line(warning.message)}" for warning in record.warnings]
    lines.append("")
    lines += [
        f"{clock(turn.start_sample)}  {padded(labels[turn.channel], width)}  {one_line(turn.text)}".rstrip()
        for turn in record.turns
    ]
    return "\n".join(lines) + "\n"


def render_csv(record: CallRecord) -> str:
    """One row a turn, for Excel: byte order mark, CRLF line ends, no cell that runs as a formula."""
    labels = record_labels(record)
    call_id = record.started.call_id if record.started else ""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for turn in record.turns:
        mean = sum(word.probability for word in turn.words) / len(turn.words) if turn.words else None
        writer.writerow(
            [
                harmless(call_id),
                harmless(source_name(record)),
                turn.turn_id,
                turn.channel,
                record.speaker(turn.channel).value,
                labels[turn.channel],
                f"{seconds(turn.start_sample):.3f}",
                f"{seconds(turn.end_sample):.3f}",
                turn.language,
                harmless(turn.text),
                "" if mean is None else f"{mean:.3f}",
            ]
        )
    return BYTE_ORDER_MARK + written.getvalue()


def harmless(text: str) -> str:
    """The text on one line, with an apostrophe before it when a spreadsheet would run it as a formula."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA_STARTS) else line
