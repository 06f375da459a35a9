"""Questions before what cannot be undone."""

from __future__ import annotations

import click

from callcore.errors import ConfigError


def confirmed(question: str) -> bool:
    """Whether the user says yes. Raises :class:`ConfigError` where standard input has no answer: in a script."""
    try:
        return click.confirm(question)
    except click.Abort as stopped:
        if not isinstance(stopped.__context__, EOFError):  # Ctrl-C
            raise
        click.echo(err=True)  # ends the line of the question
        raise ConfigError("nobody answers the question.", "Give --yes to do it unasked.") from None
