"""``callcore understand``: what a text means, without a call around it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.options import format_option, is_given, overrides, settings_option
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from callcore.privacy import Redactor
    from callcore.types import Entity, Label, Understanding, Word
    from callcore.understand.call import Understander
    from callcore.understand.catalogue import Acts

WIDTH = 10  #: of the bar of a probability


@click.command(
    epilog="""\b
Examples:
  callcore understand "我的信用卡被盗刷了,你们到底管不管!"
  callcore understand "I was charged an annual fee twice" --format json
  callcore understand "明天下午三点前给我回电" --date 2026-11-22
  callcore understand --lines turns.txt > meanings.jsonl
  cut -f1 questions.tsv | callcore understand --lines -
\b
docs/understanding.md explains categories, topics and moods, and how a bank sets its own."""
)
@click.argument("text", nargs=-1)
@click.option(
    "--lines",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Read one text a line (- = standard input) and write one JSON object a line.",
)
@click.option("--language", metavar="CODE", help="zh, yue or en [default: by the script of the text].")
@click.option("--date", "call_date", metavar="YYYY-MM-DD", help="Day that 'tomorrow' is counted from [default: today].")
@format_option("table")
@settings_option
def understand(
    text: tuple[str, ...],
    lines: Path | None,
    language: str | None,
    call_date: str | None,
    form: str,
    settings_file: Path | None,
) -> int:
    """Say what TEXT means: category, topic, intent, mood, cause, caller type and the facts in it."""
    from callcore.config import load_settings
    from callcore.loading import load_redactor, load_understander
    from callcore.output.labels import encodable
    from callcore.understand.catalogue import Acts

    if bool(text) == bool(lines):
        raise ConfigError("give either a text or --lines FILE.", 'For example: callcore understand "我要挂失"')
    if lines and form == "table" and is_given("form"):
        raise ConfigError("--lines writes JSON, no table.", "Leave out --format, or give the text itself.")
    settings = load_settings(settings_file, overrides(understand={"call_date": call_date}))
    understander = load_understander(settings)
    if language is not None and language.partition("-")[0] not in understander.models:
        raise ConfigError(f"no model reads {language!r}.", f"--language is one of {', '.join(understander.models)}.")
    redactor = load_redactor(settings, understander.taggers) if settings.privacy.redact else None
    reader = Reader(understander, redactor, language, Acts.load())
    if lines:
        for line in _lines(lines):
            click.echo(json.dumps(_values(reader, line), ensure_ascii=False).encode())
        return 0
    whole = encodable(" ".join(text))
    if form == "json":
        click.echo(json.dumps(_values(reader, whole), ensure_ascii=False, indent=1).encode())
    else:
        from rich.console import Console

        _print(reader, whole, Console(highlight=False))
    return 0


def _lines(file: Path) -> Iterator[str]:
    """Lines of a UTF-8 file. Raises :class:`ConfigError` where it cannot be read."""
    try:
        with click.open_file(str(file), encoding="utf-8-sig") as stream:
            for line in stream:
                yield line.rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        from callcore.datafile import unreadable

        raise unreadable(str(file), error, "Give a UTF-8 text file, one text a line.") from error


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads texts, and masks what is nobody else's business. ``redactor`` None: everything is shown."""

    understander: Understander
    redactor: Redactor | None
    language: str | None  #: None: by the script of each text
    acts: Acts

    def read(self, text: str) -> tuple[Understanding, tuple[Word, ...]]:
        """What a text means, and its words, as they may be shown."""
        from callcore.understand.entities import plain_words

        words, language = plain_words(text), self.language or self.understander.language_of(text)
        day = self.understander.settings.call_date or date.today()
        found = self.understander.read(words, language, self.understander.context(day))
        found = replace(found, acts=self.understander.acts_of(words, language))
        if self.redactor is None:
            return found, words
        masked = self.redactor.words(words, language, day)
        entities = tuple(self.redactor.entity(entity, masked)[0] for entity in found.entities)
        return replace(found, entities=entities), masked.words


def _values(reader: Reader, text: str) -> dict[str, Any]:
    from callcore.output.meaning import meaning
    from callcore.types import text_of

    found, words = reader.read(text)
    understander = reader.understander
    values = meaning(found, words)
    named = [values["category"], values["caller"], *values["topics"], *values["intents"], *values["causes"]]
    for value in filter(None, named):
        value["name"] = understander.catalogue.name(value["code"], found.language)
    for value in values["acts"]:
        value["name"] = reader.acts.name(value["code"], found.language)
    shown = text if reader.redactor is None else text_of(words)
    return {"text": shown, "language": found.language, **values, "department": _department(understander, found) or None}


def _department(understander: Understander, found: Understanding) -> str:
    return understander.catalogue.department(
        [label.code for label in found.topics],
        [label.code for label in found.causes],
        found.category.code if found.category else "",
    )


def _print(reader: Reader, text: str, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    found, words = reader.read(text)
    understander = reader.understander
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, labels in _rows(found):
        for place, label in enumerate(labels):
            names = reader.acts if name == "act" else understander.catalogue
            shown = _shown(names.name(label.code, found.language), label.code)
            heading = Text("" if place else name, style="dim")
            grid.add_row(heading, shown, *_bar(label.probability), _quote(label, words))
    if found.mood is not None:
        mood = found.mood.label or "unsure"
        numbers = Text(f"valence {found.mood.valence:+.2f}, arousal {found.mood.arousal:+.2f}", style="dim")
        grid.add_row(Text("mood", style="dim"), _shown(mood, mood), *_bar(found.mood.probability), numbers)
    if department := _department(understander, found):
        name = understander.catalogue.name(department, found.language)
        grid.add_row(Text("department", style="dim"), _shown(name, department))
    if grid.row_count:
        console.print(grid)
    if not found.source:
        console.print(Text("there are no words in it to judge", style="yellow"))
    elif found.in_scope < 0.5:
        console.print(Text(f"probably no business of a bank ({found.in_scope:.0%} that it is)", style="yellow"))
    _print_entities(found, console)


def _rows(found: Understanding) -> list[tuple[str, Sequence[Label]]]:
    return [
        ("category", (found.category,) if found.category else ()),
        ("topic", found.topics),
        ("intent", found.intents),
        ("cause", found.causes),
        ("caller", (found.caller,) if found.caller else ()),
        ("act", found.acts),
    ]


def _shown(name: str, code: str) -> Any:
    from rich.text import Text

    return Text(name, style="bold") if name == code else Text.assemble((name, "bold"), (f"  {code}", "dim"))


def _bar(probability: float) -> tuple[Any, Any]:
    from rich.text import Text

    full = round(probability * WIDTH)
    return Text("█" * full + "░" * (WIDTH - full), style="cyan"), Text(f"{probability:.0%}")


def _quote(label: Label, words: Sequence[Word]) -> Any:
    from rich.text import Text

    from callcore.cli.printing import printable
    from callcore.output.meaning import evidence

    said = evidence(label.first_word, label.end_word, words)[0]
    return Text(f"“{printable(said)}”" if label.end_word and said else "", style="dim")


def _print_entities(found: Understanding, console: Console) -> None:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    from callcore.cli.printing import printable
    from callcore.cli.tables import print_table

    if not found.entities:
        return
    checks: Mapping[bool | None, tuple[str, str]] = {
        True: ("check digits right", "green"),
        False: ("check digits wrong", "red"),
        None: ("", ""),
    }
    table = Table("fact", "said", "value", "", box=SIMPLE, pad_edge=False, header_style="dim")
    for entity in found.entities:
        word, style = checks[entity.valid]
        status = "" if entity.status == "said" else entity.status
        table.add_row(
            entity.kind,
            Text(printable(entity.text)),
            _value(entity, "bold" if not status else "strike"),
            Text(", ".join(filter(None, (word, status))), style=style),
        )
    print_table(table, console)


def _value(entity: Entity, style: str) -> Text:
    """The value, or what has become of it."""
    from rich.text import Text

    from callcore.privacy.seal import is_sealed

    return (
        Text(entity.value.partition(":")[0], style="dim")
        if is_sealed(entity.value)
        else Text(entity.value, style=style)
    )
