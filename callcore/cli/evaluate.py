"""``callcore evaluate``: how well callcore works on your own labelled data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.counts import count_of
from callcore.cli.lazy import LazyGroup
from callcore.cli.options import format_option, overrides, settings_option
from callcore.config import Settings, load_settings
from callcore.errors import AudioError, AudioNotFound, OutputError

if TYPE_CHECKING:
    from callcore.evaluate.recognition import Recognised, Recogniser, Report, Row, Total

WHOLE_WINDOW_S = 30.0  #: a padding that reaches the end of any model's window
WORST = 10  #: files listed under the table


COMMANDS: dict[str, tuple[str, str]] = {
    "recognition": ("callcore.cli.evaluate:recognition", "Error rates of transcripts on labelled audio."),
    "padding": ("callcore.cli.evaluate:padding", "How far windows may be trimmed with a model."),
    "understanding": (
        "callcore.cli.evaluate_understanding:understanding",
        "How well turns and the facts in them are understood.",
    ),
    "tickets": ("callcore.cli.evaluate_tickets:tickets", "How well tickets are filled, on written calls."),
    "redaction": ("callcore.cli.evaluate_redaction:redaction", "How much of what is secret is masked."),
}  #: name -> ("module:command", one-line help)


@click.group(cls=LazyGroup, table=COMMANDS)
def evaluate() -> None:
    """Measure how well callcore works on data of your own."""


def _writable(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:  # noqa: ARG001
    """A file that a report can be written to, as an option's callback. Raises :class:`OutputError`."""
    if value is not None and (value.is_file() or value.is_dir() or not value.exists()):  # no pipe
        new = not value.exists()
        with _writing(value):
            value.open("a").close()
            if new:
                value.unlink()
    return value


#: ``--output``, tried before anything is measured
report_option = click.option(
    "--output",
    type=click.Path(path_type=Path),
    callback=_writable,
    metavar="JSON",
    help="Write the full report here.",
)


@click.command(
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
@format_option("table")
@report_option
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
            values["settings"] = settings.unredacted().result_settings()
        report = Report([score(row, answer, no_speech=no_speech, language=language or "") for row in _shown(rows)])
    values |= report.as_json(by, texts=texts)
    if form == "json":
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
    else:
        _print(report, by)
    if output:
        write_report(output, values)
    return AudioError.exit_code if report.of(Outcome.FAILED) else 0


def _paddings(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[float | None, ...]:  # noqa: ARG001
    try:
        return tuple(None if part.strip() == "full" else float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("give seconds and 'full', with commas between them.") from None


@click.command(
    epilog="""\b
Examples:
  callcore evaluate padding calls/transcripts.tsv --model small
  callcore evaluate padding set.tsv --model large-v3 --paddings 1,3,5,full

Take the smallest padding whose rate is as good as that of the full window, and put it into your settings file:

\b
  [recognise]
  padding_s = 3.0"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--paddings",
    callback=_paddings,
    default="0.5,1,2,3,4,full",
    show_default=True,
    metavar="LIST",
    help="Seconds of silence after the audio of a window; full = the model's whole window.",
)
@click.option("--model", help="Model to recognise with [default: as in the settings].")
@click.option("--language", help="Language spoken; stands in for a missing column lang.")
@settings_option
def padding(
    file: Path, paddings: tuple[float | None, ...], model: str | None, language: str | None, settings_file: Path | None
) -> int:
    """Error rate and time over the padding of windows: how far windows may be trimmed with your model, on your audio.

    Short windows are many times faster, and some weights lose accuracy on them.
    """
    import time

    from callcore.evaluate.recognition import Outcome, Report, read_set, score

    rows = read_set(file)
    lines: list[list[str]] = []
    failed = False
    wanted = [
        {"model": model, "language": language, "padding_s": WHOLE_WINDOW_S if value is None else value}
        for value in paddings
    ]
    settings = [load_settings(settings_file, overrides(recognise=one)) for one in wanted]  # all, before the first runs
    for value, chosen in zip(paddings, settings, strict=True):
        with transcriptions(chosen) as (answer, _):
            began = time.perf_counter()
            report = Report([score(row, answer, language=language or "") for row in _shown(rows)])
            elapsed = time.perf_counter() - began
        failed = failed or bool(report.of(Outcome.FAILED))
        for total in report.totals():
            lines.append(["full" if value is None else f"{value:g}", total.normaliser.name, *_cells(total)[2:4]])
            lines[-1].append(f"{elapsed:.1f}")
    _print_paddings(lines)
    return AudioError.exit_code if failed else 0


def _print_paddings(lines: list[list[str]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    from callcore.cli.tables import print_table

    headings = ("padding s", "measure", "rate %", "95 %", "seconds")
    table = Table(*(Column(heading, justify="right") for heading in headings), box=SIMPLE, pad_edge=False)
    for line in lines:
        table.add_row(*line)
    print_table(table, Console())


@contextmanager
def transcriptions(settings: Settings) -> Iterator[tuple[Recogniser, str]]:
    """What the batch job makes of the audio of rows, word for word, and the model's name. Raises ``CallcoreError``."""
    from callcore.batch.transcriber import Transcriber
    from callcore.evaluate.recognition import Recognised
    from callcore.types import seconds

    def recognise(row: Row) -> Recognised:
        if not row.audio.is_file():
            raise AudioNotFound(f"{row.audio} does not exist.")
        record = transcriber.record(row.audio)
        pieces = [(turn.text, seconds(turn.start_sample), seconds(turn.end_sample)) for turn in record.turns]
        return Recognised(pieces, seconds(record.sample_count))

    with Transcriber(settings.unredacted()) as transcriber:
        yield recognise, transcriber.model.name


def _shown(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, with a progress bar on the error stream where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    screen = Console(stderr=True)
    yield from track(rows, "Recognising", console=screen, transient=True, disable=not screen.is_terminal)


def write_report(output: Path, values: Mapping[str, Any]) -> None:
    """Write a report as JSON. Raises :class:`OutputError`."""
    with _writing(output):
        output.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{output} cannot be written: {error.strerror}.", "Name another place with --output."
        ) from error


def _print(report: Report, by: str | None) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from callcore.cli.tables import print_table
    from callcore.evaluate.recognition import Outcome

    console = Console()
    totals = [(f"{one.normaliser.measure} ({one.normaliser.name})", one) for one in report.totals()]
    if by:
        totals += [(f"{one.normaliser.measure}, {by} {one.group or '-'}", one) for one in report.totals(by)]
    headings = ("files", "units", "rate %", "95 % interval", "S/D/I", "digits %", "rest %")
    if totals:
        table = Table("", *(Column(heading, justify="right") for heading in headings), box=SIMPLE, pad_edge=False)
        for name, total in totals:
            table.add_row(escape(name), *_cells(total))
        print_table(table, console)
        console.print(
            "units: characters (CER) or words (WER); S/D/I: units substituted, missing, inserted; digits and rest: "
            "errors among digits, and among all else.",
            style="dim",
        )
        worst = "all files, worst first" if sum(total.files for total in report.totals()) <= WORST else "worst files"
        table = Table(
            worst,
            *(Column(heading, justify="right") for heading in ("rate %", "errors", "units")),
            box=SIMPLE,
            pad_edge=False,
        )
        for one in report.worst(WORST):
            table.add_row(
                escape(one.row.path), _percent(one.counts.rate), str(one.counts.errors), str(one.counts.units)
            )
        print_table(table, console)
    if silent := report.of(Outcome.NO_SPEECH):
        hourly = report.invented_per_hour
        rate = f"{hourly:.1f} an hour" if hourly is not None else "length of the audio unknown"
        console.print(
            f"Without speech: {count_of(len(silent), 'file')}, {count_of(report.invented, 'word')} invented ({rate})."
        )
    for outcome, reason in ((Outcome.KEYWORDS_ONLY, "keywords only"), (Outcome.NO_TRANSCRIPT, "no transcript")):
        if skipped := report.of(outcome):
            console.print(f"Skipped: {count_of(len(skipped), 'file')} ({reason}).")
    for one in report.of(Outcome.FAILED):
        where = "" if one.row.path in one.reason else f"{one.row.path}: "
        console.print(f"Failed: {where}{one.reason}", markup=False, style="red", soft_wrap=True)


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
