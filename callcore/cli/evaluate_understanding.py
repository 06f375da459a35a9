"""``callcore evaluate understanding``: tables of how well turns, classes and entities are found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.counts import count_of
from callcore.cli.evaluate import report_option, write_report
from callcore.cli.options import format_option, settings_option
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

LANGUAGES = ("zh", "en")
TABLES = ("banking77", "clinc150")  #: sets of one class a text, which have a model of their own
SETS = ("turns", "entities", *TABLES)
COLUMNS = {
    "accuracy": "accuracy",
    "macro_f1": "macro\nF1",
    "micro_f1": "micro\nF1",
    "top_accuracy": "first\nright",
    "calibration_error": "calibr.\nerror",
    "answered": "answered",
    "accuracy_answered": "right\nof those",
}  #: of the report, and their headings, broken to fit a narrow terminal
HEADS = ("category", "topic", "intent", "cause", "caller", "emotion")


@click.command(
    epilog="""\b
Examples:
  callcore evaluate understanding
  callcore evaluate understanding --language zh --classes
  callcore evaluate understanding --set banking77 --file banking77_test.tsv
  callcore evaluate understanding --set turns --file our_turns.toml --format json
\b
Without --set: the test turns and test sentences that come with callcore, which no model was trained on. banking77 and
clinc150 read a table with tabs and the columns text and intent, turns and entities a TOML file: docs/evaluation.md."""
)
@click.option("--set", "name", type=click.Choice(SETS), help="What to score [default: turns and entities].")
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Score this file instead.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Only this language [default: both; of a FILE: zh].")
@click.option("--classes", is_flag=True, help="Also a table of every class.")
@format_option("table")
@report_option
@settings_option
def understanding(
    name: str | None,
    file: Path | None,
    language: str | None,
    classes: bool,
    form: str,
    output: Path | None,
    settings_file: Path | None,
) -> int:
    """Score category, topic, intent, cause, caller, mood and entities against labelled texts."""
    from rich.console import Console

    if file and not name:
        raise ConfigError("--file needs --set.", f"Say what the file holds: --set {' | '.join(SETS)}.")
    if name in TABLES and not file:
        raise ConfigError(f"--set {name} needs --file.", "Give its rows as a table with the columns text and intent.")
    reports = {}
    with _working():
        for kind in (name,) if name else ("turns", "entities"):
            for spoken in _languages(kind, file, language):
                reports[f"{kind} {spoken}" if kind not in TABLES else kind] = _report(kind, spoken, file, settings_file)
    if output:
        write_report(output, reports)
    if form == "json":
        click.echo(json.dumps(reports, ensure_ascii=False, indent=1))
        return 0
    console = Console(highlight=False)
    for title, report in reports.items():
        _print(title, report, console, classes=classes)
    return 0


def _languages(kind: str, file: Path | None, language: str | None) -> Sequence[str]:
    if kind in TABLES:
        return ("en",)
    return (language or LANGUAGES[0],) if file else ((language,) if language else LANGUAGES)


def _report(kind: str, language: str, file: Path | None, settings_file: Path | None) -> dict[str, Any]:
    from callcore.paths import labelled_turns_folder

    folder = labelled_turns_folder()
    if kind == "entities":
        return _entities(file or folder / "entities" / f"{language}_test.toml", language)
    if kind == "turns":
        return _turns(file or folder / "corpus" / language / "test", language, settings_file)
    assert file is not None
    return _classes(kind, file)


def _turns(place: Path, language: str, settings_file: Path | None) -> dict[str, Any]:
    from callcore.config import load_settings
    from callcore.evaluate.labelled import read_corpus
    from callcore.evaluate.understanding import evaluate_turns
    from callcore.loading import load_understander
    from callcore.understand.entities import plain_words

    model = load_understander(load_settings(settings_file)).models[language]
    turns = read_corpus(place, language)
    if not turns:
        raise ConfigError(f"{place} holds no labelled turns.", "docs/evaluation.md has the format.")
    report = evaluate_turns(turns, lambda text: model.score(plain_words(text)), model.thresholds)
    return {"model": model.version, **report}


def _entities(file: Path, language: str) -> dict[str, Any]:
    from callcore.evaluate.entities import read_set, score

    return score(read_set(file), language).as_json()


def _classes(name: str, file: Path) -> dict[str, Any]:
    from callcore.engines.text_model import OnnxTextModel
    from callcore.evaluate.labelled import read_table
    from callcore.evaluate.understanding import OUT_OF_SCOPE, evaluate_classes
    from callcore.models.readers import named_reader_folder
    from callcore.understand.features import VERSION, features

    model = OnnxTextModel(named_reader_folder(f"understand-{name}"), VERSION)
    labels, threshold = model.card.heads["class"], model.thresholds.get("class", 0.0)

    def classify(text: str) -> tuple[str, float]:
        probabilities = model.classify(features(text).grams)["class"]
        best = int(probabilities.argmax())
        sure = float(probabilities[best])
        return (labels[best] if sure >= threshold else OUT_OF_SCOPE), sure

    return {"model": model.version, **evaluate_classes(read_table(file), classify)}


@contextmanager
def _working() -> Iterator[None]:
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("Reading ..."):
        yield


def _print(title: str, report: Mapping[str, Any], console: Console, *, classes: bool) -> None:
    model = f", {report['model']}" if "model" in report else ""
    texts = report["texts"] if "texts" in report else report["sentences"]
    console.print(f"[bold]{title}[/bold][dim]: {count_of(texts, 'text')}{model}[/dim]")
    if "kinds" in report:
        _table(
            ("kind", "marked", "precision", "recall", "F1", "value exact"),
            [
                (kind, row["marked"], row["precision"], row["recall"], row["f1"], row["value_exact"])
                for kind, row in [*report["kinds"].items(), ("all", report["all"])]
            ],
            console,
        )
        return
    if "accuracy" in report:
        names = ("accuracy", "macro_f1", "calibration_error", "out_of_scope_texts", "out_of_scope_recall")
        _table(("measure", "value"), [(name.replace("_", " "), report[name]) for name in names], console)
        if classes:
            _print_classes(report["classes"], console)
        return
    rows = [(head, *(report[head].get(name) for name in COLUMNS)) for head in HEADS]
    _table(("", *COLUMNS.values()), rows, console)
    scope, negative = report["in_scope"], report["negative"]
    outside = count_of(scope["out_of_scope_texts"], "text")
    console.print(
        f"out of scope: recall {_cell(scope['out_of_scope_recall'])} of {outside}, "
        f"{_cell(scope['in_scope_recall'])} of the others kept.  negative or not: AUC "
        f"{_cell(negative['area_under_curve'])}, calibration error {_cell(negative['calibration_error'])}.\n"
    )
    if classes:
        for head in HEADS:
            console.print(f"[bold]{title}, {head}[/bold]")
            _print_classes(report[head]["classes"], console)


def _print_classes(classes: Sequence[Mapping[str, Any]], console: Console) -> None:
    names = ("label", "support", "precision", "recall", "f1")
    _table(names, [tuple(row[name] for name in names) for row in classes], console)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]], console: Console) -> None:
    from rich.box import SIMPLE
    from rich.table import Column, Table

    from callcore.cli.tables import print_table

    columns = [Column(heading, justify="right" if place else "left") for place, heading in enumerate(headings)]
    table = Table(*columns, box=SIMPLE, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*map(_cell, row))
    print_table(table, console)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
