"""``callcore models``: list, fetch, add, trim, verify and remove models."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.asking import confirmed
from callcore.cli.options import format_option, settings_option
from callcore.config import ModelSettings, load_settings
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from callcore.models.download import Progress
    from callcore.models.manifest import Manifest
    from callcore.models.registry import FoundModel, InstalledModel

MODEL_FAULT = 4  # exit code, as of every other model error
_SHOWN_LANGUAGES = 4


@click.group(
    epilog="""\b
Examples:
  callcore models list
  callcore models pull small
  HF_ENDPOINT=https://mirror.example callcore models pull small
  callcore models pull small --source modelscope
  callcore models add /media/usb/small.tar.gz
  callcore models verify

Nothing is ever fetched unless you say pull. Models lie in a folder of yours (callcore models path NAME tells where);
the starter model comes with callcore. More in docs/models.md."""
)
def models() -> None:
    """List, fetch, add, trim, verify and remove models."""


@models.command(
    "list",
    epilog="""\b
Examples:
  callcore models list
  callcore models list --language zh
  callcore models list --format json

The model marked * is the one that --model auto takes.""",
)
@click.option("--language", metavar="CODE", help="The language that * is chosen for (zh, en, ...) [default: any].")
@format_option("table")
@settings_option
def list_models(language: str | None, form: str, settings_file: Path | None) -> None:
    """Show installed models, models that can be fetched, and what "auto" takes."""
    from callcore.models.manifest import load_manifest
    from callcore.models.registry import best, find_models, language_code, partial_pulls

    settings = load_settings(settings_file).models
    found, manifest = find_models(settings), load_manifest()
    _check_language(language_code(language), found, manifest)
    chosen = best(found, language_code(language))
    rows = _rows(found, chosen, manifest, partial_pulls(settings))
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _print_table(rows)


def _check_language(code: str | None, found: list[FoundModel], manifest: Manifest) -> None:
    known = {one for row in manifest for one in row.languages}
    known |= {one for model in found if model.facts for one in model.facts.languages}
    if code is not None and code not in known:
        raise ConfigError(f"no model knows the language {code!r}.", "Codes are those of Whisper: zh, yue, en, ...")


def _rows(
    found: list[FoundModel], chosen: FoundModel | None, manifest: Manifest, partial: dict[str, int]
) -> list[dict[str, Any]]:
    installed = [
        {
            "name": model.name,
            "auto": model is chosen,
            "installed": True,
            "where": model.place.value,
            "folder": str(model.folder),
            "languages": list(model.facts.languages) if model.facts else [],
            "size_bytes": model.size_bytes,
            "licence": model.facts.licence if model.facts else "unknown",
            "synthetic_only": bool(model.facts and model.facts.synthetic_only),
            "recommended": bool(model.row and model.row.recommended),
            "measured": [entry.model_dump() for entry in model.row.measured] if model.row else [],
            "fault": model.fault,
            "made_from": model.origin.name if model.origin else "",
            "fetched_bytes": None,
        }
        for model in found
    ]
    names = {model.name for model in found} | {model.row.name for model in found if model.row}
    known = [
        {
            "name": row.name,
            "auto": False,
            "installed": False,
            "where": "",
            "folder": "",
            "languages": list(row.languages),
            "size_bytes": row.size_bytes,
            "licence": row.licence,
            "synthetic_only": row.synthetic_only,
            "recommended": row.recommended,
            "measured": [entry.model_dump() for entry in row.measured],
            "fault": "",
            "made_from": "",
            "fetched_bytes": partial.get(row.name),
        }
        for row in manifest
        if row.name not in names
    ]
    return installed + known


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from callcore.cli.tables import print_table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("", "name", "languages", "size", "where", "licence", "note"):
        table.add_column(title, justify="right" if title == "size" else "left")
    for row in rows:
        table.add_row(
            "*" if row["auto"] else "",
            row["name"],
            _languages(row["languages"]),
            f"{row['size_bytes'] / 1e6:,.0f} MB",
            _state(row),
            row["licence"],
            _note(row),
        )
    print_table(table, Console(highlight=False))
    measured = [(row["name"], entry) for row in rows for entry in row["measured"]]
    if measured:
        click.echo("  Error rates as published by others or measured by us; those of different sets do not compare:")
    width = max((len(name) for name, _ in measured), default=0)
    for name, entry in measured:
        click.echo(f"    {name.ljust(width)}  {entry['metric']} {entry['percent']:g} %  {entry['set']}")
    if measured:
        click.echo()
    for row in rows:
        if row["fault"]:
            click.secho(f"  {row['name']} is broken: {row['fault']}", fg="red")
    click.echo("  * = what --model auto takes.   Fetch one with: callcore models pull NAME")


def _note(row: dict[str, Any]) -> str:
    notes = []
    if row["made_from"]:
        notes.append(f"{row['made_from']} with a smaller head")
    if row["synthetic_only"]:
        notes.append("does not know people's speech")
    return "; ".join(notes) or ("good for a start" if row["recommended"] else "")


def _languages(languages: list[str]) -> str:
    if len(languages) > _SHOWN_LANGUAGES:
        return f"{', '.join(languages[:2])}, ... ({len(languages)})"
    return ", ".join(languages) or "?"


def _state(row: dict[str, Any]) -> str:
    if row["fault"]:
        return f"{row['where']}, broken"
    if row["installed"]:
        return str(row["where"])
    if row["fetched_bytes"] is not None:
        return f"cut off at {row['fetched_bytes'] / 1e6:,.0f} MB"
    return "not installed"


@models.command(
    epilog="""\b
Examples:
  callcore models pull small
  callcore models pull turbo --source modelscope
  callcore models pull organisation/model --name our-model
  callcore models pull small --source https://files.example/whisper/small

A pull that was cut off goes on where it stopped when the same command runs again. Models that callcore knows are
compared with the checksums it ships; others with those of the hub.""",
)
@click.argument("name")
@click.option(
    "--source",
    default="huggingface",
    show_default=True,
    metavar="SOURCE",
    help="huggingface (or the mirror in HF_ENDPOINT), modelscope, or the URL of a folder.",
)
@click.option("--revision", metavar="REV", help="Take this revision instead of the one callcore knows.")
@click.option("--name", "save_as", metavar="NAME", help="Install under this name.")
@click.option("--force", is_flag=True, help="Replace an installed model of that name.")
@settings_option
def pull(
    name: str, source: str, revision: str | None, save_as: str | None, force: bool, settings_file: Path | None
) -> None:
    """Fetch model NAME (or a hub id) and install it."""
    from callcore.models.fetch import pull as fetch

    settings = load_settings(settings_file).models
    try:
        with _progress() as progress:
            model = fetch(
                name, settings, source=source, revision=revision, save_as=save_as, force=force, progress=progress
            )
    except KeyboardInterrupt:
        click.echo("\nstopped; what arrived is kept. Run the same command again to fetch the rest.", err=True)
        raise click.Abort from None
    _say_installed(model)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar per file on a terminal, a line per finished file elsewhere; both on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    tasks: dict[str, Any] = {}

    def line(file: str, done: int, total: int | None) -> None:
        if done == total and tasks.get(file) != total:
            tasks[file] = total
            click.echo(f"{file}: {done / 1e6:,.1f} MB", err=True)

    if not console.is_terminal:
        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:

        def bar(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done)

        yield bar


def _say_installed(model: InstalledModel) -> None:
    click.echo(f"installed {model.name} in {model.folder}")
    click.echo(f"use it with: callcore transcribe --model {model.name} CALL.wav   (or --model auto)")


@models.command(
    epilog="""\b
Examples:
  callcore models add /media/usb/small
  callcore models add small.tar.gz
  callcore models add our-weights.zip --name our-model

The way onto a machine without network: on one with network run callcore models pull small, copy the folder that
callcore models path small names, and add it here. A callcore-model.json in it brings its checksums along.""",
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Install under this name [default: the folder's or archive's].")
@click.option("--force", is_flag=True, help="Replace an installed model of that name.")
@settings_option
def add(path: Path, name: str | None, force: bool, settings_file: Path | None) -> None:
    """Install the model in the folder or archive PATH."""
    from callcore.models.install import add as install

    _say_installed(install(path, load_settings(settings_file).models, name=name, force=force))


@models.command(
    epilog="""\b
Examples:
  callcore models trim small --languages zh
  callcore models trim small --languages zh,en --tokens 20000 --name small-bank
  callcore models trim /srv/our-model --languages zh --name our-model-zh

Every character stays writable: what is left out are tokens that abbreviate texts of other languages. How much is
gained and what it can cost: docs/models.md. Name the new model with --model; auto goes on taking the whole one."""
)
@click.argument("name")
@click.option("--languages", required=True, metavar="CODES", help="What the new model writes: zh, yue, en, or several.")
@click.option("--name", "new_name", metavar="NEW", help="Install under this name [default: NAME-CODES].")
@click.option(
    "--tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Keep N tokens in all, dropping the rarest of plain letters [default: docs/models.md].",
)
@click.option("--force", is_flag=True, help="Replace an installed model of that name.")
@settings_option
def trim(
    name: str, languages: str, new_name: str | None, tokens: int | None, force: bool, settings_file: Path | None
) -> None:
    """Make of model NAME one with a smaller output head, for one or two languages."""
    from callcore.models.trim import trim as make

    codes = tuple(code for code in languages.casefold().replace(",", " ").split())
    made = make(name, codes, load_settings(settings_file).models, new_name=new_name, limit=tokens, force=force)
    click.echo(f"installed {made.model.name} in {made.model.folder}: {made.kept:,} of {made.tokens:,} tokens")
    click.echo(f"use it with: callcore transcribe --model {made.model.name} CALL.wav")


@models.command(
    epilog="""\b
Examples:
  callcore models remove small
  callcore models remove small --yes"""
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_option
def remove(name: str, yes: bool, settings_file: Path | None) -> int:
    """Delete model NAME from the models folder. Exit code 1 when you answer no."""
    from callcore.models.install import removable
    from callcore.models.install import remove as delete

    model = removable(name, load_settings(settings_file).models)
    if not yes and not confirmed(f"Delete {model.folder} ({model.size_bytes / 1e6:,.0f} MB)?"):
        click.echo("Nothing was removed.")
        return 1
    delete(model)
    click.echo(f"removed {model.name}")
    return 0


@models.command(
    epilog="""\b
Examples:
  callcore models verify
  callcore models verify small

Ends with exit code 4 when a model is broken."""
)
@click.argument("name", required=False)
@settings_option
def verify(name: str | None, settings_file: Path | None) -> int:
    """Read every file of model NAME, or of all models, and compare it with its checksum."""
    from callcore.models.install import verify as check

    outcomes = check(name, load_settings(settings_file).models, lambda model: _transient(f"reading {model.name} ..."))
    _transient("")
    for outcome in outcomes:
        if outcome.fault:
            click.secho(f"✗ {outcome.name}: {outcome.fault}", fg="red")
            click.echo(f"  {outcome.mend}")
        else:
            click.echo(f"✓ {outcome.name}: whole ({outcome.checked_against})")
    return MODEL_FAULT if any(outcome.fault for outcome in outcomes) else 0


def _transient(text: str) -> None:
    """Show ``text`` on the last line of a terminal until the next call."""
    if sys.stderr.isatty():
        click.echo("\r" + text.ljust(shutil.get_terminal_size().columns - 1), nl=False, err=True)
        if not text:
            click.echo("\r", nl=False, err=True)


@models.command(
    epilog="""\b
Examples:
  callcore models path small
  tar czf small.tar.gz -C "$(dirname "$(callcore models path small)")" small"""
)
@click.argument("name")
@click.option("--language", metavar="CODE", help="The language that auto is chosen for.")
@settings_option
def path(name: str, language: str | None, settings_file: Path | None) -> None:
    """Print the folder of model NAME ("auto" for the one that auto takes)."""
    from callcore.models.registry import resolve

    settings: ModelSettings = load_settings(settings_file).models
    click.echo(resolve(name, language, settings).folder)
