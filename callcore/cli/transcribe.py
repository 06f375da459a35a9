"""``callcore transcribe``: recorded calls to transcripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.options import db_option, overrides, settings_option
from callcore.config import Settings, load_settings
from callcore.errors import AudioNotFound, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.batch.job import Summary, Wishes

EXAMPLES = """\b
Examples:
  callcore transcribe call.wav
  callcore transcribe recordings/ --output transcripts --format json,srt
  callcore transcribe 'in/**/*.mp3' --language zh --model small --jobs 4
  callcore transcribe call.raw --raw mulaw:8000:2
  sox in.mp3 -t wav - | callcore transcribe -
  callcore transcribe --watch /var/spool/recorder --output transcripts

\b
Exit codes: 0 all done, 1 some inputs failed, 2 wrong options, 3 the only input
cannot be used, 4 model, 5 database, 6 output or disk, 130 stopped by Ctrl-C.
"""

STDOUT = Path("-")


def _formats(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:  # noqa: ARG001
    from callcore.output import FORMATS

    names = tuple(dict.fromkeys(part.strip().lower() for part in (value or "").split(",") if part.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is not one of {', '.join(FORMATS)}.")
    return names


@click.command(epilog=EXAMPLES, short_help="Recorded calls to transcripts.")
@click.argument("inputs", nargs=-1, metavar="PATH...")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files here; - = stdout.")
@click.option(
    "--format", "-f", "formats", callback=_formats, metavar="LIST", help="Any of json,jsonl,srt,vtt,txt,csv [txt]."
)
@click.option("--overwrite", is_flag=True, help="Replace files that callcore did not write.")
@click.option("--stats", is_flag=True, help="Print talk time, silence, overlap and turns of each call.")
@click.option("--quiet", "-q", is_flag=True, help="No conversation, no progress; failures and the summary only.")
@click.option("--again", is_flag=True, help="Transcribe even what is done already.")
@click.option("--watch", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Keep on with new files of FOLDER.")  # fmt: skip  # noqa: E501
@click.option("--jobs", "-j", type=click.IntRange(0, 64), metavar="N", help="Files worked on at once [from the cores].")
@click.option("--model", "-m", metavar="NAME", help="Name, size, hub id or folder [best installed for the language].")
@click.option("--language", "-l", metavar="CODE", help="zh, en, ... [detected].")
@click.option("--language-scope", type=click.Choice(["call", "channel"]), help="Detect once a call or once a channel.")
@click.option("--agent-channel", type=int, metavar="N", help="The agent's channel, counted from 0 [found from words].")
@click.option("--customer-channel", type=int, metavar="N", help="The customer's channel, counted from 0.")
@click.option("--mono", is_flag=True, help="Mix all channels to one.")
@click.option("--raw", metavar="FORMAT", help="Headerless PCM: ENCODING:RATE[:CHANNELS], e.g. mulaw:8000:2.")
@click.option("--hotwords", type=click.Path(path_type=Path), metavar="FILE", help="Names and products, one a line.")
@click.option("--beam-size", type=int, metavar="N", help="Width of the beam search [5].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where to compute [auto].")
@click.option("--script", type=click.Choice(["simplified", "traditional", "keep"]), help="Chinese script [simplified].")
@click.option("--punctuation", type=click.Choice(["restore", "keep", "none"]), help="Mandarin marks [restore].")
@db_option
@settings_option
def transcribe(**options: Any) -> int:
    """Transcribe recorded calls: files, folders and patterns, or - for standard input.

    Transcripts go into the database, where callcore search finds them; with --output also into files. What is done
    already with the same content, model and settings is skipped.
    """
    inputs, watch = options["inputs"], options["watch"]
    if not inputs and not watch:
        raise click.UsageError("Name at least one file or folder, or --watch FOLDER.")
    settings = load_settings(options["settings_file"], _overrides(options))
    if options["output"] == STDOUT and len(options["formats"]) > 1:
        raise ConfigError("only one format can go to stdout.", "Give one --format, or a folder with --output.")
    return _run(inputs, watch, settings, options)


def _overrides(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return overrides(
        audio={
            "agent_channel": options["agent_channel"],
            "customer_channel": options["customer_channel"],
            "downmix": options["mono"] or None,
        },
        recognise={
            "model": options["model"],
            "language": options["language"],
            "language_scope": options["language_scope"],
            "hotwords_file": options["hotwords"],
            "beam_size": options["beam_size"],
            "device": options["device"],
        },
        text={"script": options["script"], "punctuation": options["punctuation"]},
        store={"db": options["db"]},
        batch={"jobs": options["jobs"]},
    )


def _run(inputs: tuple[str, ...], watch: Path | None, settings: Settings, options: Mapping[str, Any]) -> int:
    from rich.console import Console

    from callcore.audio import RawFormat
    from callcore.batch.inputs import find_inputs
    from callcore.batch.job import Wishes
    from callcore.batch.transcriber import Transcriber
    from callcore.paths import database_file
    from callcore.store import Store

    screen = Console(stderr=True)
    paths = find_inputs(inputs) if inputs else []
    single = len(paths) == 1 and watch is None
    to_files = options["output"] is not None and options["output"] != STDOUT
    wishes = Wishes(
        formats=options["formats"] or ("txt",),
        folder=options["output"] if to_files else None,
        overwrite=options["overwrite"],
        again=options["again"],
        raw=RawFormat.parse(options["raw"]) if options["raw"] else None,
        keep_records=not to_files or single or options["stats"],
    )
    if watch is not None and not watch.is_dir():
        raise AudioNotFound(f"no such folder: {watch}.", "Make it, or check the path given to --watch.")
    with _standard_input(paths) as real, Store.open(database_file(settings.store), settings.store) as store:
        with screen.status("Loading the model ...") if screen.is_terminal else _nothing():
            transcriber = Transcriber(settings)
        with transcriber:
            runner = _Runner(transcriber, store, wishes, screen, options)
            code = runner.once(real) if real else 0
            if watch is not None and code != 130:
                code = runner.watch(watch)
            return code


class _Runner:
    """Runs batch jobs and shows what they do."""

    def __init__(
        self, transcriber: Any, store: Any, wishes: Wishes, screen: Console, options: Mapping[str, Any]
    ) -> None:
        self._transcriber, self._store, self._wishes = transcriber, store, wishes
        self._screen, self._options = screen, options

    def once(self, paths: list[Path]) -> int:
        """One job over ``paths``; returns the exit code."""
        from callcore.batch.job import BatchJob
        from callcore.cli.progress import progress_for

        with progress_for(self._screen, len(paths), quiet=self._options["quiet"]) as progress:
            job = BatchJob(self._transcriber, self._store, self._wishes, progress)
            summary = job.run(paths)
        self._show(summary)
        if job.fatal:
            raise job.fatal
        if job.stopped:
            self._screen.print("[yellow]Stopped.[/] What was finished is kept; run the same command to go on.")
            return 130
        if len(paths) == 1 and summary.failures and summary.failures[0].error:
            raise summary.failures[0].error
        return 1 if summary.failures else 0

    def watch(self, folder: Path) -> int:
        """Jobs over what appears in ``folder``, until Ctrl-C."""
        from callcore.batch.watch import watch_folder

        stop = threading.Event()
        self._screen.print(f"Watching {folder}; Ctrl-C ends it.", highlight=False)
        try:
            for paths in watch_folder(folder, stop):
                if self.once(paths) == 130:
                    return 0
        except KeyboardInterrupt:
            stop.set()
        self._screen.print("Stopped watching.")
        return 0

    def _show(self, summary: Summary) -> None:
        from rich.console import Console

        from callcore.cli.summary import print_report, print_summary

        out = Console()
        for report in summary.reports:
            if report.record is not None:
                print_report(report, out, self._screen, self._options, single=len(summary.reports) == 1)
        print_summary(summary, self._screen, self._store.path, self._transcriber.model.name)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _standard_input(paths: list[Path]) -> Iterator[list[Path]]:
    """``paths`` with ``-`` replaced by a file that holds what came in: a batch needs its content hash first."""
    if STDOUT not in paths:
        yield paths
        return
    import shutil
    import sys
    import tempfile

    if sys.stdin.isatty():
        raise AudioNotFound("nothing is piped into standard input.", "Pipe audio in, or name a file.")
    with tempfile.TemporaryDirectory(prefix="callcore-") as folder:
        received = Path(folder) / "stdin"
        with received.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [received if path == STDOUT else path for path in paths]
