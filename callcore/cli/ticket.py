"""``callcore ticket``: the ticket of a call that was written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.counts import count_of
from callcore.cli.options import overrides, settings_option
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from callcore.config import Settings
    from callcore.record import CallRecord
    from callcore.tickets import Ticket, TicketRules
    from callcore.tickets.model import Value
    from callcore.written import WrittenCall

LANGUAGES = ("zh", "yue", "en")
FORMATS = ("text", "json", "markdown")


@click.command(
    epilog="""\b
Examples:
  callcore ticket CALL.json
  callcore ticket CALL.json --format json > ticket.json
  callcore ticket EXPORT.json --language en --date 2026-11-12
\b
CALL.json: {"language": "zh", "call_date": "2026-11-12",
            "turns": [{"speaker": "agent", "start_s": 0.6, "end_s": 3.2, "text": "您好"}, ...]}
\b
All of these keys are required: language (zh, yue or en) and call_date (the day, which "tomorrow" is counted from)
unless given as options; of every turn speaker (agent or customer), start_s and end_s (seconds) and text. Turns
without words are left out; other keys are ignored.
\b
docs/tickets.md explains fields, rules and how a bank sets its own."""
)
@click.argument("call", type=click.Path(path_type=Path), metavar="CALL.json")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="For whom.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the call [default: as in the file].")
@click.option("--date", "call_date", metavar="YYYY-MM-DD", help="Day of the call [default: as in the file].")
@settings_option
def ticket(call: Path, form: str, language: str | None, call_date: str | None, settings_file: Path | None) -> int:
    """Fill the ticket of a written call: fields with evidence, promises, what is missing."""
    from callcore.config import load_settings
    from callcore.following import Following
    from callcore.loading import load_redactor, load_understander
    from callcore.output.tickets import ticket_markdown
    from callcore.record import fold
    from callcore.tickets import ticket_of
    from callcore.written import read_written

    settings = load_settings(settings_file, overrides(understand={"call_date": call_date}))
    given = {"language": language, "call_date": settings.understand.call_date}
    written = read_written(call, {key: value for key, value in given.items() if value is not None})
    if not (settings.tickets.enabled and settings.understand.enabled):
        raise ConfigError("tickets are switched off.", "Set [tickets] enabled and [understand] enabled to true.")
    if written.blank:
        told = count_of(written.blank, "turn has no words and is left out", "turns have no words and are left out")
        click.echo(f"{call}: {told}.", err=True)
    if doubt := _doubt(written):
        click.secho(f"{call}: {doubt}", fg="yellow", err=True)
    understander = load_understander(settings)
    redactor = load_redactor(settings, understander.taggers) if settings.privacy.redact else None
    following = Following.of(settings, understander, redactor)
    assert following.tickets is not None
    events = following.told(written, call.stem, settings, understander, ticket=False)
    filled = ticket_of(events, following.tickets)
    assert filled is not None
    filled = _rewritten(filled, fold(events), settings)
    if form == "json":
        click.echo(json.dumps(_values(filled, fold(events)), ensure_ascii=False, indent=1).encode())
    elif form == "markdown":
        click.echo(ticket_markdown(filled, following.tickets).encode(), nl=False)
    else:
        from rich.console import Console

        _print(filled, following.tickets, Console(highlight=False))
    return 0


def _doubt(written: WrittenCall) -> str:
    """What to say where the text is clearly in another script than its language is written in."""
    from callcore.text.chars import is_chinese, script_of

    seems = script_of(" ".join(turn.text for turn in written.turns))
    if not seems or is_chinese(seems) == is_chinese(written.language):
        return ""
    name = "Chinese" if is_chinese(seems) else "English"
    return f'the text seems to be in {name}, and is read as "{written.language}". If so, give --language {seems}.'


def _rewritten(filled: Ticket, record: CallRecord, settings: Settings) -> Ticket:
    """With its summary in the words of a model, where one is set and keeps to what was said."""
    from callcore.errors import RewriteError
    from callcore.rewrite import Rewriter

    rewriter = Rewriter.of(settings.tickets)
    if rewriter is None:
        return filled
    try:
        return rewriter.rewrite(filled, record.turns, record.roles.roles if record.roles else {})
    except RewriteError as error:
        click.secho(f"{error.message} {error.hint}", fg="yellow", err=True)
        return filled


def _values(filled: Ticket, record: CallRecord) -> dict[str, Any]:
    """Ticket, and what is understood of every turn with its text as it may leave callcore."""
    from callcore.output.document import document

    told = document(record)
    keys = ("turn", "channel", "role", "start_s", "end_s", "text", "meaning")
    return {
        "ticket": filled.model_dump(mode="json"),
        "turns": [{key: turn[key] for key in keys} for turn in told["turns"]],
        "warnings": told["warnings"],
    }


def _print(filled: Ticket, rules: TicketRules, console: Console) -> None:
    from rich.text import Text

    from callcore.cli.fields import print_fields
    from callcore.cli.printing import printable
    from callcore.output.tickets import cited, rows, titles, words_for

    words = words_for(filled.call.language)
    lines: list[tuple[Text, ...]] = []
    section, last = "", ""
    for group, title, value in rows(filled, rules):
        if group != section:
            lines.append((Text(words.get(f"{group}.", group), style="bold underline"),))
            section = group
        quoted = printable(cited(value.evidence[0], words)) if value.evidence else ""
        if value.source.startswith("rules/summary"):
            quoted = ""
        name = Text("" if title == last else title, style="dim")
        sure = Text(f"{value.confidence:>4.0%}", style="dim")
        lines.append((name, _shown(value, words), sure, Text(quoted, style="dim")))
        last = title
    print_fields(lines, console)
    if filled.promises:
        console.print(Text(words["promises"], style="bold underline"))
    for promise in filled.promises:
        due = promise.due or words["no_due"]
        quoted = printable(cited(promise.evidence[0], words)) if promise.evidence else ""
        console.print(Text.assemble(f"{words[promise.by]}: {words[promise.kind]}, {due}  ", (quoted, "dim")))
    if filled.missing:
        names = ", ".join(titles(filled.missing, rules, filled.call.language))
        console.print(Text(f"{words['missing']}: {names}", style="yellow"))


def _shown(value: Value, words: dict[str, str]) -> Text:
    from rich.text import Text

    from callcore.cli.printing import printable

    style = {"confirmed": "green", "disputed": "red", "suggested": "dim"}.get(value.status, "")
    mark = f" ({words[value.status]})" if words[value.status] else ""
    return Text(f"{printable(value.value)}{mark}", style=style)
