"""Options that the commands of ``callcore bench`` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def model_options(command: F) -> F:
    """``--model`` and ``--language``."""
    command = click.option("--language", help="Language spoken [default: as in the settings].")(command)
    return click.option("--model", help="Model to recognise with [default: as in the settings].")(command)


def reference_option(command: F) -> F:
    """``--reference``, as the parameter ``references``."""
    return click.option(
        "--reference",
        "references",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        metavar="PATH",
        help="What was said (JSON), or a folder of such files [default: JSON beside the recording]; may be repeated.",
    )(command)


def plots_option(command: F) -> F:
    """``--no-plots``."""
    return click.option("--no-plots", is_flag=True, help="Write no pictures (they need the extra bench).")(command)
