"""``callcore redact``: recordings with their secrets covered, and texts with theirs masked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.options import db_option, overrides, settings_option
from callcore.errors import AudioNotFound, ConfigError

if TYPE_CHECKING:
    from callcore.audio import Block
    from callcore.config import Settings
    from callcore.privacy import CallRedactor
    from callcore.privacy.audio import Cover, Span
    from callcore.record import CallRecord
    from callcore.store import Store

ENDING = ".redacted"  #: between the name of the recording and the format


@click.command(
    epilog="""\b
Examples:
  callcore redact --text "我叫王建国,尾号六六二八"
  callcore redact --text letter.txt
  cat letter.txt | callcore redact --text -
  callcore redact call.wav -o redacted
  callcore redact 20260131-093000 --audio mute -o redacted
  callcore redact 3fa9 --recording call.flac -o redacted

docs/privacy.md says what is masked and what is not."""
)
@click.argument("what", nargs=-1, required=True)
@click.option(
    "--text", "as_text", is_flag=True, help=("WHAT is text, a text file, or - for standard input: print it masked.")
)
@click.option(
    "--audio",
    "how",
    type=click.Choice(["beep", "mute"]),
    default="beep",
    show_default=True,
    help="What covers a secret.",
)
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=("The recording of CALL, where it is not its source."),
)
@click.option(
    "--format", "form", type=click.Choice(["flac", "wav"]), default="flac", show_default=True, help="Of the copies."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Where the copies are written.")
@click.option("--language", metavar="CODE", help="Of texts: zh or en [default: by the script of each line].")
@db_option
@settings_option
def redact(
    what: tuple[str, ...],
    as_text: bool,
    how: Cover,
    recording: Path | None,
    form: str,
    output: Path | None,
    language: str | None,
    db: Path | None,
    settings_file: Path | None,
) -> None:
    """Write copies of recordings of stored calls with what is secret covered; or print texts masked.

    WHAT is a call, or a recording that was transcribed. The copy has all channels of the recording at 16 kHz; a secret
    is covered on all of them. With --text, WHAT is text.
    """
    from callcore.config import load_settings

    settings = load_settings(settings_file, overrides(store={"db": db}))
    if as_text:
        _print_masked(what, language, settings)
        return
    if output is None:
        raise ConfigError("copies of recordings need a folder.", "Give -o FOLDER (or --text for texts).")
    if recording and len(what) > 1:
        raise ConfigError("--recording goes with one call.", "Name one call, or leave out --recording.")
    _write_copies(what, how, recording, output, form, settings)


def _print_masked(what: tuple[str, ...], language: str | None, settings: Settings) -> None:
    from callcore.loading import load_redactor
    from callcore.output.labels import encodable
    from callcore.text.chars import HAN_CHARACTER

    redactor = load_redactor(settings)
    day = settings.understand.call_date or date.today()
    for line in _lines(what):
        text = encodable(line)
        spoken = language or ("zh" if HAN_CHARACTER.search(text) else "en")
        click.echo(redactor.text(text, spoken, day).encode())


def _lines(what: tuple[str, ...]) -> Iterator[str]:
    """Lines of files, of standard input, or the texts themselves. Raises :class:`ConfigError`."""
    for name in what:
        if name != "-" and not _is_file(name):
            yield name
            continue
        try:
            with click.open_file(name, encoding="utf-8-sig") as stream:
                for line in stream:
                    yield line.rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name} cannot be read ({type(error).__name__}).", "Give a UTF-8 text file.") from error


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a text that no file can be called
        return False


def _write_copies(
    what: tuple[str, ...], how: Cover, recording: Path | None, output: Path, form: str, settings: Settings
) -> None:
    from callcore.loading import load_redactor
    from callcore.paths import database_file
    from callcore.store import Store
    from callcore.types import seconds

    redactor = load_redactor(settings)
    with Store.open(database_file(settings.store), settings.store, read_only=True) as store:
        for name in what:
            call_id, source = _call_of(name, store)
            record = store.record(call_id)
            spans = _spans(record, redactor.call(_day(record)))
            path = recording or source or Path(record.started.source if record.started else "")
            if not path.is_file():
                raise AudioNotFound(f"the recording of {call_id} is not at {path}.", "Name it with --recording FILE.")
            output.mkdir(parents=True, exist_ok=True)
            target = output / f"{path.stem}{ENDING}.{form}"
            _copy(path, target, spans, how)
            covered_s = seconds(sum(end - start for start, end in spans))
            click.echo(f"{target}: {len(spans)} stretches covered, {covered_s:.1f} s")


def _call_of(name: str, store: Store) -> tuple[str, Path | None]:
    """The id of a call, by its recording or the beginning of its id; and the recording if that was named."""
    if not _is_file(name):
        return store.resolve(name), None
    from callcore.audio import content_sha256
    from callcore.errors import CallNotFound

    digest = content_sha256(Path(name))
    for call in store.list_calls():
        if call.content_sha256 == digest:
            return call.call_id, Path(name)
    raise CallNotFound(f"{name} was not transcribed into this database.", f"First: callcore transcribe {name}")


def _day(record: CallRecord) -> date:
    day = record.started.day if record.started else ""
    return date.fromisoformat(day) if day else date.today()


def _spans(record: CallRecord, redactor: CallRedactor) -> list[Span]:
    """What is to be covered. Turns are searched once more: the call may have been stored as it was said."""
    from callcore.privacy.audio import covered_spans
    from callcore.types import Turn

    known = [record.roles] if record.roles else []
    masked = [event for event in redactor.follow([*known, *record.turns]) if isinstance(event, Turn)]
    return covered_spans([*masked, *record.finals, *record.revisions, *record.rejected])


def _copy(source: Path, target: Path, spans: list[Span], how: Cover) -> None:
    from callcore.audio import open_audio
    from callcore.capture.recording import write_recording
    from callcore.privacy.audio import cover

    with open_audio(source) as audio:

        def pieces() -> Iterator[Block]:
            at = 0
            for block in audio.blocks():
                yield cover(block, at, spans, how)
                at += block.shape[1]

        write_recording(target, audio.channel_count, pieces())
