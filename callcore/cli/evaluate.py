"""``callcore evaluate``: error rates on your own labelled audio."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.options import overrides, settings_option
from callcore.config import Settings, load_settings
from callcore.errors import AudioError, AudioNotFound, OutputError

if TYPE_CHECKING:
    from callcore.evaluate.recognition import Recognised, Recogniser, Report, Row, Total

WORST = 10  #: files listed under the table


@click.group()
def evaluate() -> None:
    """Measure how well recognition works on audio of your own."""


@evaluate.command(
    epilog="""\b
Examples:
  callcore evaluate recognition calls/transcripts.tsv
  callcore evaluate recognition set.tsv --model small --language zh --by domain
  callcore evaluate recognition noise.tsv --no-speech --format json
  callcore evaluate recognition set.tsv --hypotheses other_system.tsv --output rates.json

FILE has a header line and tabs between its columns: path (relative to FILE) and text, and if you like lang, seconds,
kind and others to group by. docs/evaluation.md states how texts are compared."""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--hypotheses",
    "hypotheses_file",
    type=click.Path(path_type=Path),
    metavar="TSV",
    help="Score these texts (columns path, text) instead of recognising.",
)
@click.option("--by", metavar="COLUMN", help="Also give the rates per value of a column.")
@click.option("--no-speech", is_flag=True, help="Rows without text hold no speech: count what is invented there.")
@click.option("--model", help="Model to recognise with [default: as in the settings].")
@click.option("--language", help="Language spoken; stands in for a missing column lang.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people or programs.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="JSON", help="Write the full report here.")
@click.option("--texts", is_flag=True, help="Put reference and recognised text of every file into the JSON.")
@settings_option
def recognition(
    file: Path,
    hypotheses_file: Path | None,
    by: str | None,
    no_speech: bool,
    model: str | None,
    language: str | None,
    form: str,
    output: Path | None,
    texts: bool,
    settings_file: Path | None,
) -> int:
    """Character error rate (Mandarin) and word error rate (English) on the files that FILE lists."""
    from callcore.evaluate.recognition import Outcome, Report, hypotheses, read_set, score

    settings = load_settings(settings_file, overrides(recognise={"model": model, "language": language}))
    rows = read_set(file, "path", "text", *([by] if by else []))
    values: dict[str, Any] = {"set": str(file), "hypotheses": str(hypotheses_file) if hypotheses_file else None}
    with ExitStack() as resources:
        if hypotheses_file:
            answer = hypotheses(hypotheses_file)
        else:
            answer, values["model"] = resources.enter_context(transcriptions(settings))
            values["settings"] = settings.result_settings()
        report = Report([score(row, answer, no_speech=no_speech, language=language or "") for row in _shown(rows)])
    values |= report.as_json(by, texts=texts)
    if output:
        _write(output, values)
    if form == "json":
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
    else:
        _print(report, by)
    return AudioError.exit_code if report.of(Outcome.FAILED) else 0


@contextmanager
def transcriptions(settings: Settings) -> Iterator[tuple[Recogniser, str]]:
    """What the batch job makes of the audio of rows, and the model's name. Raises ``CallcoreError``."""
    from callcore.batch.transcriber import Transcriber
    from callcore.evaluate.recognition import Recognised
    from callcore.types import seconds

    def recognise(row: Row) -> Recognised:
        if not row.audio.is_file():
            raise AudioNotFound(f"{row.audio} does not exist.")
        record = transcriber.record(row.audio)
        pieces = [(turn.text, seconds(turn.start_sample), seconds(turn.end_sample)) for turn in record.turns]
        return Recognised(pieces, seconds(record.sample_count))

    with Transcriber(settings) as transcriber:
        yield recognise, transcriber.model.name


def _shown(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, with a progress bar on the error stream where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    yield from track(rows, description="Recognising", console=Console(stderr=True), transient=True)


def _write(output: Path, values: dict[str, Any]) -> None:
    try:
        output.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{output} cannot be written: {error.strerror}.", "Name another place with --output."
        ) from error


def _print(report: Report, by: str | None) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from callcore.evaluate.recognition import Outcome

    console = Console()
    totals = [(f"{one.normaliser.measure} ({one.normaliser.name})", one) for one in report.totals()]
    if by:
        totals += [(f"{one.normaliser.measure}, {by} {one.group or '-'}", one) for one in report.totals(by)]
    headings = ("in %", "files", "units", "rate", "95 %", "S/D/I", "digits", "rest")
    if totals:
        table = Table(*headings, box=SIMPLE, pad_edge=False)
        for name, total in totals:
            table.add_row(escape(name), *_cells(total))
        console.print(table)
        console.print("S/D/I: units substituted, missing, inserted.", style="dim")
        table = Table("worst files", "rate", "errors", "units", box=SIMPLE, pad_edge=False)
        for one in report.worst(WORST):
            table.add_row(
                escape(one.row.path), _percent(one.counts.rate), str(one.counts.errors), str(one.counts.units)
            )
        console.print(table)
    if silent := report.of(Outcome.NO_SPEECH):
        hourly = report.invented_per_hour
        rate = f"{hourly:.1f} an hour" if hourly is not None else "length of the audio unknown"
        console.print(f"Without speech: {len(silent)} files, {report.invented} words invented ({rate}).")
    for outcome, reason in ((Outcome.KEYWORDS_ONLY, "keywords only"), (Outcome.NO_TRANSCRIPT, "no transcript")):
        if skipped := report.of(outcome):
            console.print(f"Skipped: {len(skipped)} files ({reason}).")
    for one in report.of(Outcome.FAILED):
        console.print(f"Failed: {one.row.path}: {one.reason}", markup=False, style="red")


def _cells(total: Total) -> list[str]:
    counts = total.counts
    ends = "–".join(f"{100 * end:.1f}" for end in total.interval) if total.interval else ""
    return [
        str(total.files),
        str(counts.units),
        _percent(counts.rate),
        ends,
        f"{counts.substitutions}/{counts.deletions}/{counts.insertions}",
        _percent(counts.digit_rate),
        _percent(counts.other_rate),
    ]


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.2f}"
