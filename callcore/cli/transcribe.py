"""``callcore transcribe``: recorded calls to transcripts."""

from __future__ import annotations

import io
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.options import db_option, overrides, settings_option
from callcore.cli.stopping import Stopping
from callcore.config import Settings, load_settings
from callcore.errors import AudioNotFound, CallcoreError, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.batch.inputs import Found
    from callcore.batch.job import Wishes
    from callcore.batch.report import Outcome, Summary
    from callcore.batch.transcriber import Transcriber
    from callcore.store import Store

EXAMPLES = """\b
Examples:
  callcore transcribe call.wav
  callcore transcribe recordings/ --output transcripts --format json,srt
  callcore transcribe 'in/**/*.mp3' --language zh --model small --jobs 4
  callcore transcribe call.raw --raw mulaw:8000:2
  sox in.mp3 -t wav - | callcore transcribe -
  callcore transcribe --watch /var/spool/recorder --output transcripts

\b
Ctrl-C keeps what is finished; the same command goes on from there. Pressed
twice, it does not wait for the decode under way.

\b
Exit codes: 0 all done, 1 some inputs failed, 2 wrong options, 3 the only input
cannot be used, 4 model, 5 database, 6 output or disk, 130 stopped by Ctrl-C.
"""

STDOUT = Path("-")
ONE_CALL_FORMATS = frozenset({"srt", "vtt", "csv"})  # a file of these holds one call: two in a row are none


def _formats(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:  # noqa: ARG001
    from callcore.output import FORMATS

    names = tuple(dict.fromkeys(part.strip().lower() for part in (value or "").split(",") if part.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is not one of {', '.join(FORMATS)}.")
    return names


@click.command(epilog=EXAMPLES, short_help="Recorded calls to transcripts.")
@click.argument("inputs", nargs=-1, metavar="[PATH]...")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files here; - = stdout.")
@click.option(
    "--format",
    "-f",
    "formats",
    callback=_formats,
    metavar="LIST",
    help="Of json,jsonl,srt,vtt,txt,csv; one without --output: to stdout [txt].",
)
@click.option("--overwrite", is_flag=True, help="Replace files that callcore did not write.")
@click.option("--stats", is_flag=True, help="Print talk time, silence, overlap and turns of each call.")
@click.option("--quiet", "-q", is_flag=True, help="No conversation, no progress; failures and the summary only.")
@click.option("--again", is_flag=True, help="Transcribe even what is done already.")
@click.option("--watch", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Also take what comes into FOLDER, until Ctrl-C.")  # fmt: skip  # noqa: E501
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
    from rich.console import Console

    from callcore.batch.inputs import find_inputs

    settings = load_settings(options["settings_file"], _overrides(options))
    found = find_inputs(inputs)
    if not watch and not found.files and len(found.missing) == 1:
        raise next(iter(found.missing.values()))
    if options["formats"] and options["output"] is None:
        options["output"] = STDOUT  # whoever names a format wants to see it
    _check_options(found, watch, options)
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    with Stopping() as stopping:
        try:
            return _run(found, watch, settings, options, screen, stopping)
        except KeyboardInterrupt:
            screen.print("[yellow]Stopped.[/] What is finished is kept; the same command goes on from there.")
            return stopping.exit_code


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


def _check_options(found: Found, watch: Path | None, options: Mapping[str, Any]) -> None:
    """Refuse at once what would go wrong after hours of work."""
    from callcore.output.files import check_folder

    formats, output = options["formats"], options["output"]
    if watch is not None and not watch.is_dir():
        raise AudioNotFound(f"no such folder: {watch}.", "Make it, or check the path given to --watch.")
    if output == STDOUT:
        if len(formats) > 1:
            raise ConfigError("only one format can go to stdout.", "Give one --format, or a folder with --output.")
        if ONE_CALL_FORMATS.intersection(formats) and (watch or len(found.files) > 1):
            raise ConfigError(
                f"several calls in one stream are no {formats[0]}.", "Give a folder with --output, or --format jsonl."
            )
    elif output is not None:
        check_folder(output)


def _run(
    found: Found,
    watch: Path | None,
    settings: Settings,
    options: Mapping[str, Any],
    screen: Console,
    stopping: Stopping,
) -> int:
    from callcore.audio import RawFormat
    from callcore.batch.inputs import STDIN, received
    from callcore.batch.job import Wishes
    from callcore.paths import database_file
    from callcore.store import Store

    wishes = Wishes(
        formats=options["formats"] or ("txt",),
        folder=options["output"] if options["output"] != STDOUT else None,
        overwrite=options["overwrite"],
        again=options["again"],
        raw=RawFormat.parse(options["raw"]) if options["raw"] else None,
    )
    stdin = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
    if STDIN in found.files and stdin.isatty():
        raise AudioNotFound("nothing is piped into standard input.", "Pipe audio in, or name a file.")
    with Store.open(database_file(settings.store), settings.store) as store:
        waiting = screen.status("Loading the model ...") if screen.is_terminal else nullcontext()
        with waiting:
            from callcore.batch.transcriber import Transcriber
            from callcore.engines.hardware import share_heap

            share_heap()
            transcriber = Transcriber(settings)
        with transcriber, received(found.files, stdin) as copies:
            stopping.folders.update(copy.parent for copy in copies.values())
            runner = _Runner(transcriber, store, replace(wishes, received=copies), screen, options)
            code = runner.once(found) if found.files or found.missing else 0
            return runner.watch(watch) if watch is not None else code


class _Runner:
    """Runs batch jobs and shows what they do."""

    def __init__(
        self, transcriber: Transcriber, store: Store, wishes: Wishes, screen: Console, options: Mapping[str, Any]
    ) -> None:
        self._transcriber, self._store, self._wishes = transcriber, store, wishes
        self._screen, self._options = screen, options

    def once(self, found: Found) -> int:
        """One job over the files; returns the exit code. Raises what failed an only file, or the whole run."""
        from callcore.batch.report import FileReport, Outcome
        from callcore.cli.summary import print_call, print_summary

        single = len(found.files) + len(found.missing) == 1
        summary, fatal, stopped = self._job(found.files, None, single=single)
        summary.reports += [FileReport(path, Outcome.FAILED, error=error) for path, error in found.missing.items()]
        for report in summary.reports:
            if report.call_id and (single or self._options["output"] == STDOUT or self._options["stats"]):
                print_call(report, self._store.record(report.call_id), self._screen, self._options, single=single)
        error = fatal or (summary.failures[0].error if single and summary.failures else None)
        if not (single and error):
            print_summary(summary, fatal, self._screen, self._store.path, self._transcriber.model)
        if error:
            raise error
        if stopped:
            raise KeyboardInterrupt
        return 1 if summary.failures else 0

    def watch(self, folder: Path) -> int:
        """Jobs over what appears in ``folder``, until Ctrl-C. Raises what makes going on pointless."""
        from rich.markup import escape

        from callcore.batch.watch import watch_folder, watched_names
        from callcore.cli.printing import printable
        from callcore.cli.summary import counted, print_call

        counts: Counter[Outcome] = Counter()
        self._screen.print(f"Watching {escape(printable(str(folder)))}; Ctrl-C ends it.")
        with suppress(KeyboardInterrupt):  # how a watch ends
            for paths in watch_folder(folder, threading.Event()):
                summary, fatal, stopped = self._job(paths, watched_names(folder, paths), single=False)
                counts.update(report.outcome for report in summary.reports)
                for report in summary.reports:
                    if report.call_id and (self._options["output"] == STDOUT or self._options["stats"]):
                        record = self._store.record(report.call_id)
                        print_call(report, record, self._screen, self._options, single=False)
                if fatal:
                    raise fatal
                if stopped:
                    break
        self._screen.print(f"Stopped watching: {counted(counts)}.")
        return 0

    def _job(
        self, paths: list[Path], names: Mapping[Path, str] | None, *, single: bool
    ) -> tuple[Summary, CallcoreError | None, bool]:
        """What became of the files, the error that ended the job early, and whether the user did."""
        from callcore.batch.job import BatchJob
        from callcore.cli.progress import progress_for

        with progress_for(self._screen, len(paths), quiet=self._options["quiet"], single=single) as progress:
            job = BatchJob(self._transcriber, self._store, self._wishes, progress)
            summary = job.run(paths, names)
        return summary, job.fatal, job.stopped
