"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

LARGEST_COUNT = 1_000_000_000  #: far more than there is of anything, and far less than SQLite's integers hold
COUNT = click.IntRange(0, LARGEST_COUNT)
POSITIVE_COUNT = click.IntRange(1, LARGEST_COUNT)


class Number(click.FloatRange):
    """A number within bounds. "nan" and "inf", which Python reads as numbers and no bound keeps out, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number as typed. Raises click's error for anything else."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def settings_option(command: F) -> F:
    """``--settings FILE``: a TOML settings file."""
    return click.option(
        "--settings", "settings_file", type=click.Path(path_type=Path), metavar="FILE", help="Settings file (TOML)."
    )(command)


def db_option(command: F) -> F:
    """``--db FILE``: the database."""
    return click.option(
        "--db", type=click.Path(path_type=Path), metavar="FILE", help="Database file [default: in your data folder]."
    )(command)


def format_option(people: str) -> Callable[[F], F]:
    """``--format``: ``people`` ("table" or "text", the default) or "json"; the parameter is called ``form``."""
    return click.option(
        "--format",
        "form",
        type=click.Choice([people, "json"]),
        default=people,
        show_default=True,
        help="For people or programs.",
    )


def overrides(**sections: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings given on the command line: section to key to value, options that were not given left out."""
    given = {name: {k: v for k, v in values.items() if v is not None} for name, values in sections.items()}
    return {name: values for name, values in given.items() if values}
