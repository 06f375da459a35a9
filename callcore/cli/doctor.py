"""``callcore doctor``: check this machine and say how to mend what is wrong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from callcore.cli.options import db_option, overrides, settings_option
from callcore.config import load_settings

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
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
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
        marks = {Status.OK: ("✓", "green"), Status.WARNING: ("!", "yellow"), Status.BROKEN: ("✗", "red")}
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            mark, colour = marks[finding.status]
            click.echo(f"{click.style(mark, fg=colour)} {finding.check.ljust(width)}  {finding.message}")
            if finding.fix:
                click.echo(f"  {' ' * width}  → {finding.fix}")
    return BROKEN if any(finding.status is Status.BROKEN for finding in findings) else 0
