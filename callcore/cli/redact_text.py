"""Texts of ``callcore redact --text``: what they are read from, and how they are printed masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.errors import ConfigError

if TYPE_CHECKING:
    from callcore.config import Settings

#: What ends so is meant as a file, be it there or not. Addresses (abc.com) are texts.
ENDINGS = frozenset(
    (".csv", ".eml", ".htm", ".html", ".json", ".jsonl", ".log", ".md", ".rtf", ".srt", ".text", ".tsv", ".txt", ".vtt")
)
_HINT = "Give a UTF-8 text file, or pass the text by standard input: --text -"


def print_masked(what: Sequence[str], language: str | None, settings: Settings) -> None:
    """Print texts masked, line by line. ``language``: None: by the script of each line.

    Raises :class:`ConfigError` for what cannot be read, before anything is printed where it can be known.
    """
    from callcore.loading import load_redactor
    from callcore.output.labels import encodable
    from callcore.text.chars import language_of

    _check_language(language)
    in_files = [name == "-" or _is_file(name) for name in what]
    redactor = load_redactor(settings)
    day = settings.understand.call_date or date.today()
    for name, in_file in zip(what, in_files, strict=True):
        for line in _lines(name) if in_file else (name,):
            text = encodable(line)
            click.echo(redactor.text(text, language or language_of(text), day).encode())


def _check_language(language: str | None) -> None:
    from callcore.loading import READ, READ_AS

    known = (*READ, *READ_AS)
    if language is not None and language.partition("-")[0] not in known:
        raise ConfigError(f"no rules read {language!r}.", f"--language is one of {', '.join(known)}.")


def _is_file(name: str) -> bool:
    """Whether a file is meant, and not a text. Raises :class:`ConfigError` for a folder and for a missing file."""
    path = Path(name)
    try:
        exists, folder = path.exists(), path.is_dir()
        placed = len(path.parts) > 1 and path.parent.is_dir()
    except (OSError, ValueError):  # a text that no file can be called
        return False
    if folder:
        raise ConfigError(f"{name} is a folder.", _HINT)
    if not exists and (placed or path.suffix.lower() in ENDINGS):
        raise ConfigError(f"there is no file {name}.", _HINT)
    return exists


def _lines(name: str) -> Iterator[str]:
    """Lines of a file, or of standard input. Raises :class:`ConfigError`."""
    try:
        with click.open_file(name, encoding="utf-8-sig") as stream:
            for line in stream:
                yield line.rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name} cannot be read ({type(error).__name__}).", "Give a UTF-8 text file.") from error
