"""``callcore evaluate redaction``: how much of what is secret is masked, and how much is masked for nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.counts import count_of
from callcore.cli.evaluate import report_option, write_report
from callcore.cli.options import format_option

if TYPE_CHECKING:
    from rich.console import Console

LANGUAGES = ("zh", "en")


@click.command(
    epilog="""\b
Examples:
  callcore evaluate redaction
  callcore evaluate redaction --language zh --format json
  callcore evaluate redaction --file our_sentences.toml --language en
\b
Without --file: the test sentences of the entities that come with callcore, each by itself. A FILE has their form
(docs/entities.md). The report says how many and which lines (from 1, those that hold a sentence) were not all right,
and no words."""
)
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Score this file instead.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Only this language [default: both; of a FILE: zh].")
@format_option("table")
@report_option
def redaction(file: Path | None, language: str | None, form: str, output: Path | None) -> int:
    """Recall and precision of the redaction on sentences with marked secrets.

    Recall counts a secret only if none of its letters and digits can be read. Precision counts masked stretches that
    touch a secret. Facts are what must stay readable: amounts, dates, rates, references.
    """
    from rich.console import Console

    chosen: Sequence[str] = (language or LANGUAGES[0],) if file else ((language,) if language else LANGUAGES)
    reports = {spoken: _report(file, spoken) for spoken in chosen}
    if output:
        write_report(output, reports)
    if form == "json":
        click.echo(json.dumps(reports, ensure_ascii=False, indent=1))
        return 0
    console = Console(highlight=False)
    for spoken, report in reports.items():
        _print(spoken, report, console)
    return 0


def _report(file: Path | None, language: str) -> dict[str, Any]:
    from callcore.evaluate.entities import read_set
    from callcore.evaluate.redaction import score
    from callcore.loading import load_taggers
    from callcore.paths import labelled_turns_folder
    from callcore.privacy import Redactor
    from callcore.privacy.seal import Sealer

    marked = read_set(file or labelled_turns_folder() / "entities" / f"{language}_test.toml")
    redactor = Redactor(Sealer(), taggers=load_taggers())

    def mask(text: str, day: date) -> str:
        return redactor.text(text, language, day)

    return score(marked, mask).as_json()


def _print(language: str, report: Mapping[str, Any], console: Console) -> None:
    from rich.box import SIMPLE
    from rich.table import Column, Table

    from callcore.cli.tables import print_table

    table = Table(
        "secret",
        *(Column(name, justify="right") for name in ("marked", "masked", "partly", "recall")),
        box=SIMPLE,
        pad_edge=False,
        header_style="dim",
    )
    for kind, row in report["secrets"].items():
        recall = "" if row["recall"] is None else f"{row['recall']:.4f}"
        table.add_row(kind, str(row["marked"]), str(row["masked"]), str(row["partly"]), recall)
    console.print(f"[bold]{language}[/bold][dim]: {count_of(report['sentences'], 'sentence')}[/dim]")
    print_table(table, console)
    stretches = report["stretches"]
    precision = "" if report["precision"] is None else f"{report['precision']:.4f}"
    masked = count_of(stretches["masked"], "masked stretch", "masked stretches")
    console.print(f"precision {precision}: {stretches['needless']} of {masked} needless")
    touched = [f"{kind} {row['touched']} of {row['marked']}" for kind, row in report["facts"].items() if row["touched"]]
    console.print(f"facts that a mask touches: {', '.join(touched) if touched else 'none'}\n")
