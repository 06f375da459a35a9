"""``callcore privacy``: the key of sealed originals."""

from __future__ import annotations

import json
from pathlib import Path

import click

from callcore.cli.options import settings_option
from callcore.errors import SealError


@click.group()
def privacy() -> None:
    """Make and check the key that seals what is masked.

    Without a key, numbers, names and addresses of people are masked for good.
    """


@privacy.command(
    epilog="""\b
Examples:
  callcore privacy init
  callcore privacy init /etc/callcore/privacy.key"""
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def init(file: Path | None) -> None:
    """Make a new key in FILE [default: privacy.key in your data folder] and say which setting to set.

    A file that exists is left alone: whoever loses a key loses what it sealed.
    """
    from callcore.keys import create_key_file
    from callcore.paths import data_folder

    path = (file or data_folder() / "privacy.key").absolute()
    create_key_file(path)
    click.echo(f"Made {path}, which only you may read. Keep a copy: what it seals cannot be read without it.")
    click.echo("Put this into your settings file (docs/settings.md):\n")
    click.echo(f"[privacy]\nkey_file = {json.dumps(str(path), ensure_ascii=False)}")


@privacy.command(
    epilog="""\b
Examples:
  callcore privacy check --settings callcore.toml

Exit codes: 0 all is well, or no key is set; 10 the key cannot be had or does not open what it seals."""
)
@settings_option
def check(settings_file: Path | None) -> None:
    """Say whether calls are masked, where the key comes from, and whether it opens what it seals."""
    from callcore.config import load_settings
    from callcore.keys import load_sealer

    settings = load_settings(settings_file).privacy
    click.echo(f"redaction  {'on' if settings.redact else 'OFF: calls are stored as they were said'}")
    if settings.key:
        place = "environment (CALLCORE_PRIVACY__KEY)"
    elif settings.key_file:
        place = f"file {settings.key_file}"
    else:
        place = "program (key_command)" if settings.key_command else ""
    if not place:
        click.echo("key        none: what is masked is gone for good (make one with: callcore privacy init)")
        return
    sealer = load_sealer(settings)
    if sealer.open("check", sealer.seal("check", "0")) != "0":
        raise SealError("the key does not open what it seals.", "See docs/privacy.md, keys.")
    older = f"; opens also {', '.join(sealer.key_ids[:-1])}" if len(sealer.key_ids) > 1 else ""
    click.echo(f"key        {place}")
    click.echo(f"seals with {sealer.key_id}{older}: opens what it seals")
    roles = sorted(user for user, role in settings.roles.items() if role in settings.reveal_roles)
    click.echo(f"reveal     {', '.join(roles) if roles else 'nobody: no user has a role that may see originals'}")
