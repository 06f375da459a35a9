"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from callcore.errors import ConfigError

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


def is_given(parameter: str) -> bool:
    """Whether an option of the command that runs, by the name of its parameter, stands on the command line."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def form_list(text: str, known: Iterable[str]) -> list[str]:
    """What ``--format json,srt`` asks for, each once, in any case and with spaces. Raises :class:`ConfigError`."""
    wanted = list(dict.fromkeys(part.strip().casefold() for part in text.split(",") if part.strip()))
    for form in wanted or [text]:
        if form not in known:
            raise ConfigError(f'there is no format "{form}".', f"Known: {', '.join(known)}.")
    return wanted


def overrides(**sections: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings given on the command line: section to key to value, options that were not given left out.

    Raises :class:`ConfigError` naming the option whose value no setting takes, or whose file is not there.
    """
    given = {name: {k: v for k, v in values.items() if v is not None} for name, values in sections.items()}
    for name, values in given.items():
        _check(name, values)
    return {name: values for name, values in given.items() if values}


def _check(section: str, values: Mapping[str, Any]) -> None:
    from callcore.config import section_problem

    for key, value in values.items():
        if key.endswith("_file") and not Path(value).is_file():
            problem = f"{value} is a folder" if Path(value).is_dir() else f"there is no file {value}"
        else:
            problem = section_problem(section, {key: value})
        if problem:
            raise ConfigError(f"{_option(key, value)}: {problem}.", f"See {_command()} --help.")


def _option(key: str, value: object) -> str:
    """The option, of the command that runs, that stands for a setting."""
    context = click.get_current_context()
    names = (key, key.removesuffix("_file"))
    options = [one for one in context.command.params if isinstance(one, click.Option)]
    named = [one for one in options if one.name in names]
    named += [one for one in options if context.params.get(one.name or "") == value]
    return named[0].opts[0] if named else key


def _command() -> str:
    return click.get_current_context().command_path
