"""The command line: a table of commands, each imported only when it runs, and one place where errors end a run."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from callcore import __version__
from callcore.cli.lazy import LazyGroup
from callcore.cli.printing import printable
from callcore.errors import CallcoreError, not_importable, unexpected

COMMANDS: dict[str, tuple[str, str]] = {
    "transcribe": ("callcore.cli.transcribe:transcribe", "Recorded calls to transcripts: files, folders, globs."),
    "live": ("callcore.cli.live:live", "A call while it is spoken: both sides on the screen, then stored."),
    "understand": ("callcore.cli.understand:understand", "What a text means: topic, intent, mood, facts."),
    "ticket": ("callcore.cli.ticket:ticket", "The ticket of a call that was written down."),
    "tickets": ("callcore.cli.tickets:tickets", "Work orders: list, show, edit, confirm, dispatch, close, export."),
    "followups": ("callcore.cli.followups:followups", "What was promised to customers, and what is due."),
    "rescore": (
        "callcore.cli.rescore:rescore",
        "Fill work orders of stored calls anew with other rules or models.",
    ),
    "calls": ("callcore.cli.calls:calls", "List, show, measure, export and delete stored calls."),
    "search": ("callcore.cli.search:search", "Find words in stored calls."),
    "purge": (
        "callcore.cli.purge:purge",
        "Remove calls with all files that callcore wrote of them, by age or customer.",
    ),
    "redact": ("callcore.cli.redact:redact", "Cover what is secret in recordings, or mask it in a text."),
    "privacy": ("callcore.cli.privacy:privacy", "Make and check the key of sealed originals."),
    "models": ("callcore.cli.models:models", "List, fetch, add, verify and remove models."),
    "devices": ("callcore.cli.devices:devices", "List the sound devices that live calls can be heard from."),
    "doctor": ("callcore.cli.doctor:doctor", "Check this machine and say how to mend what is wrong."),
    "evaluate": ("callcore.cli.evaluate:evaluate", "Measure how well callcore works on your own labelled data."),
    "bench": ("callcore.cli.bench:bench", "Measure live latency and what it costs, on your own recordings."),
}  #: name -> ("module:command", one-line help); the help stands here so that --help imports no command

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@contextmanager
def _reader_may_go() -> Iterator[None]:
    """When the reader of our output has gone (``| head``), that is no error of ours."""
    try:
        yield
    except (BrokenPipeError, SystemExit) as error:
        cause = error.__context__ if isinstance(error, SystemExit) else error  # rich makes the one of the other
        if not isinstance(cause, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left must not be flushed there
        raise click.exceptions.Exit(0) from None


class Program(LazyGroup):
    """All commands."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Understand the command line, or print --help."""
        with _reader_may_go():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _reader_may_go():
            return super().invoke(ctx)


@click.command(
    cls=Program,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start with: callcore transcribe CALL.wav   ·   Every command has --help with examples.",
)
@click.version_option(__version__, prog_name="callcore")
def cli() -> None:
    """Listen to both sides of a bank's service call, on your own machine."""


def _fail(message: str, hint: str, exit_code: int) -> int:
    click.secho(f"callcore: {printable(message)}", fg="red", err=True)  # file names may hold anything
    if hint:
        click.echo(f"  {printable(hint)}", err=True)
    return exit_code


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one line and a next step.

    In Python's development mode (``PYTHONDEVMODE=1``) tracebacks of unexpected errors are printed as well.
    """
    try:
        result = cli.main(arguments, prog_name="callcore", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except CallcoreError as error:
        return _fail(error.message, error.hint, error.exit_code)
    except click.exceptions.Abort:
        return _fail("stopped.", "", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        if isinstance(error, click.NoSuchOption) and error.ctx and isinstance(error.ctx.command, click.Group):
            click.echo(_taken_after(error.option_name, error.ctx, error.ctx.command), err=True, nl=False)
        return error.exit_code
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _fail("no space left on the disk.", "Free some space, or write elsewhere with --output and --db.", 6)
        return _fail_unexpectedly(error)
    except Exception as error:
        return _fail_unexpectedly(error)


def _taken_after(option: str, context: click.Context, group: click.Group) -> str:
    """Which commands of a group take an option that was given before them; "" if none does."""
    commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
    options = {name: {o for one in command.params for o in one.opts} for name, command in commands.items() if command}
    taking = [name for name, known in options.items() if option in known]
    return f"  It stands after a command: {context.command_path} {' | '.join(taking)} {option}\n" if taking else ""


def _fail_unexpectedly(error: Exception) -> int:
    if sys.flags.dev_mode:
        raise error
    known = not_importable(error) if isinstance(error, ImportError) else unexpected(error)
    return _fail(known.message, known.hint, known.exit_code)


def main() -> None:
    """Entry point of the ``callcore`` program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal's code page may lack what was said
    if sys.flags.dev_mode:
        logging.basicConfig()
        logging.getLogger("callcore").setLevel(logging.DEBUG)
    sys.exit(run())
