"""``callcore doctor``: check this machine and say how to mend what is wrong."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.options import db_option, format_option, overrides, settings_option
from callcore.config import load_settings

if TYPE_CHECKING:
    from callcore.doctor import Finding

BROKEN = 1  # exit code when something stops transcription


@click.command(
    epilog="""\b
Examples:
  callcore doctor
  callcore doctor --network
  callcore doctor --format json

✓ fine   ! works, but could be better   ✗ stops transcription
Ends with exit code 0 unless there is an ✗, then with 1. Nothing touches the network without --network."""
)
@click.option("--network", is_flag=True, help="Also ask whether the model hub (or HF_ENDPOINT) answers.")
@format_option("text")
@db_option
@settings_option
def doctor(network: bool, form: str, db: Path | None, settings_file: Path | None) -> int:
    """Check this machine: processor, memory, GPU, models, audio devices, SQLite, disks."""
    from callcore.doctor import Status, examine

    settings = load_settings(settings_file, overrides(store={"db": db}))
    findings = examine(settings, network=network)
    if form == "json":
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _print(findings)
    return BROKEN if any(finding.status is Status.BROKEN for finding in findings) else 0


def _print(findings: list[Finding]) -> None:
    """A line a check, its fix below it, and what it comes to; wrapped where the output is a terminal."""
    from callcore.doctor import Status

    marks = {Status.OK: ("✓", "green"), Status.WARNING: ("!", "yellow"), Status.BROKEN: ("✗", "red")}
    name_width = max(len(finding.check) for finding in findings)
    indent = " " * (name_width + 4)
    for finding in findings:
        mark, colour = marks[finding.status]
        head = f"{click.style(mark, fg=colour)} {finding.check.ljust(name_width)}  "
        click.echo(head + _wrapped(finding.message, indent))
        if finding.fix:
            click.echo(f"{indent}→ {_wrapped(finding.fix, indent + '  ')}")
    broken, warnings = (sum(one.status is status for one in findings) for status in (Status.BROKEN, Status.WARNING))
    click.echo()
    if broken:
        click.secho(f"callcore cannot transcribe here: mend what is marked ✗ ({broken}).", fg="red")
    elif warnings:
        click.echo(f"callcore can transcribe here; {warnings} marked ! could be better.")
    else:
        click.echo("callcore can transcribe here.")


def _wrapped(text: str, indent: str) -> str:
    """``text`` in lines that fit the terminal, all but the first indented; commands and paths stay whole."""
    if not sys.stdout.isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns - len(indent) - 1)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return f"\n{indent}".join(lines)
