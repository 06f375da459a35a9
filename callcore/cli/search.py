"""``callcore search``: find words in stored calls."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli import selection
from callcore.cli.conversation import SPEAKER_STYLES, role_name
from callcore.cli.counts import count_of
from callcore.cli.options import POSITIVE_COUNT, db_option, format_option, settings_option
from callcore.cli.printing import printable
from callcore.cli.selection import local_time, open_store
from callcore.text.clock import clock

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.store import Hit, Passage, SearchResult
    from callcore.types import Role

NOTHING_FOUND = 1  # as grep


@click.command(
    epilog="""\b
How to ask:
  callcore search "信用卡 额度"              turns with both words
  callcore search '"credit card" -lost'     side by side; without "lost"
  callcore search "额度 OR 限额 -临时"        one of two, without a third
  callcore search "transfer*"               transfer, transferred, ...
\b
Case, full-width forms, Traditional or Simplified script and the commas in 3,500 make no difference.
\b
More examples:
  callcore search 转账 --speaker customer --since 2026-01-01
  callcore search 银行 --sounds-like        also where the recogniser wrote 银航
  callcore search 投诉 --format json
\b
Exit code 0 when something was found, 1 when not."""
)
@click.argument("query", nargs=-1, required=True)
@click.option("--speaker", type=click.Choice(["agent", "customer"]), help="Only what this side said.")
@click.option("--call", metavar="CALL", help="Only in this call (beginning of its id).")
@click.option("--language", metavar="CODE", help="Only turns in this language (zh, en, ...).")
@click.option(
    "--since", callback=selection.since, metavar="DATE", help="Calls transcribed on or after this day or moment."
)
@click.option("--until", callback=selection.until, metavar="DATE", help="Calls transcribed up to this day or moment.")
@click.option("--sounds-like", is_flag=True, help="Also turns that sound the same (pinyin without tones), marked ~.")
@click.option("--limit", type=POSITIVE_COUNT, default=20, show_default=True, help="At most so many hits.")
@format_option("text")
@db_option
@settings_option
def search(
    query: tuple[str, ...],
    speaker: str | None,
    call: str | None,
    since: datetime | None,
    until: datetime | None,
    form: str,
    db: Path | None,
    settings_file: Path | None,
    **how: Any,
) -> int:
    """Find turns with the words of QUERY, newest calls first, each with the turns before and after it."""
    from callcore.store import CallFilter
    from callcore.types import Role

    asked = " ".join(query)
    with open_store(db, settings_file, read_only=True) as store:
        ids = (store.resolve(call),) if call is not None else None
        result = store.search(
            asked,
            CallFilter(call_ids=ids, since=since, until=until),
            speaker=Role(speaker) if speaker else None,
            **how,
        )
    if form == "json":
        found = {"query": asked, "total": result.total, "hits": [hit.as_json() for hit in result.hits]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print(result)
    return 0 if result.hits else NOTHING_FOUND


def _print(result: SearchResult) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for number, hit in enumerate(result.hits):
        if number:
            console.print()
        _print_hit(hit, console)
    if not result.hits:
        click.echo("No turn found. Other ways to ask: --sounds-like, part of the word, fewer words.", err=True)
    elif result.total > len(result.hits):
        click.echo(f"\n{len(result.hits)} of {count_of(result.total, 'turn')}; more with --limit.", err=True)


def _speaker(role: Role, language: str) -> str:
    """The name of a role with the space after it; all of one language have the same width."""
    from callcore.output.labels import columns, padded

    widest = max(columns(role_name(one, language)) for one in SPEAKER_STYLES)
    return padded(role_name(role, language), widest + 2)


def _print_hit(hit: Hit, console: Console) -> None:
    from rich.text import Text

    head = Text.assemble(
        (hit.call_id, "bold"),
        f"  {local_time(hit.call_started_at)}  {printable(Path(hit.source).name)}",
        f"  at {clock(hit.at_sample)}",
    )
    console.print(head, soft_wrap=True)
    if hit.before:
        _print_beside(hit.before, hit.language, console)
    mark = "~" if hit.sounds_like else ">"
    style = SPEAKER_STYLES[hit.role]
    text = Text(printable(hit.text), style=style)
    for start, end in hit.spans:
        text.stylize("bold reverse", start, end)
    line = Text.assemble(
        (f"{mark} {clock(hit.start_sample)} ", "bold"), (_speaker(hit.role, hit.language), f"bold {style}"), text
    )
    console.print(line, soft_wrap=True)
    if hit.after:
        _print_beside(hit.after, hit.language, console)


def _print_beside(passage: Passage, language: str, console: Console) -> None:
    from rich.text import Text

    line = f"  {clock(passage.start_sample)} {_speaker(passage.role, language)}{printable(passage.text)}"
    console.print(Text(line, style="dim"), soft_wrap=True)
