"""``callcore redact``: recordings with their secrets covered, and texts with theirs masked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.counts import count_of
from callcore.cli.options import db_option, is_given, overrides, settings_option
from callcore.cli.selection import stored
from callcore.errors import AudioMismatch, AudioNotFound, ConfigError, PrivacyError

if TYPE_CHECKING:
    from callcore.audio import Block
    from callcore.config import Settings
    from callcore.privacy import CallRedactor
    from callcore.privacy.audio import Cover, Span
    from callcore.record import CallRecord
    from callcore.store import Store

ENDING = ".redacted"  #: between the name of the recording and the format
OF_COPIES = {"output": "--output", "how": "--audio", "recording": "--recording", "form": "--format"}


@click.command(
    epilog="""\b
Examples:
  callcore redact --text "我叫王建国,尾号六六二八"
  callcore redact --text letter.txt
  cat letter.txt | callcore redact --text -
  callcore redact call.wav -o redacted
  callcore redact 20260131-093000 --audio mute -o redacted
  callcore redact 3fa9 --recording call.flac -o redacted

docs/privacy.md says what is masked and what is not.

\b
Exit codes: 0 done, 2 wrong options or no such text file, 3 no recording, or not that of the call, 5 database or no such
call, 6 the folder, 10 a call that was not followed to its end."""
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
@click.option("--language", metavar="CODE", help="Of texts: zh, yue or en [default: by the script of each line].")
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
    is covered on all of them. callcore purge removes the copies with their call. With --text, WHAT is text.
    """
    from callcore.config import load_settings

    _check_options(as_text=as_text, language=language)
    settings = load_settings(settings_file, overrides(store={"db": db}))
    if as_text:
        from callcore.cli.redact_text import print_masked

        print_masked(what, language, settings)
        return
    if output is None:
        raise ConfigError("copies of recordings need a folder.", "Give -o FOLDER (or --text for texts).")
    if recording and len(what) > 1:
        raise ConfigError("--recording goes with one call.", "Name one call, or leave out --recording.")
    _write_copies(what, how, recording, output, form, settings)


def _check_options(*, as_text: bool, language: str | None) -> None:
    """Raises :class:`ConfigError` for options that would do nothing."""
    idle = [option for name, option in OF_COPIES.items() if is_given(name)]
    if as_text and idle:
        raise ConfigError(
            f"{idle[0]} does not go with --text, which prints to the screen.", "Leave one of them out; > FILE keeps it."
        )
    if language is not None and not as_text:
        raise ConfigError("--language is of texts; a call knows its own.", "Leave it out, or give --text.")


def _write_copies(
    what: tuple[str, ...], how: Cover, recording: Path | None, output: Path, form: str, settings: Settings
) -> None:
    from callcore.loading import load_redactor
    from callcore.output.files import make_folder
    from callcore.privacy.audio import within
    from callcore.types import seconds

    redactor = load_redactor(settings)
    with stored(settings, read_only=False) as store:  # copies are noted in it
        for name in what:
            call_id, source = _call_of(name, store)
            record = store.record(call_id)
            if record.ended is None:
                raise PrivacyError(
                    f"{call_id} was not followed to its end, and what was said after that is not known.",
                    "Transcribe its recording, then redact that: callcore transcribe FILE",
                )
            spans = _spans(record, redactor.call(_day(record)))
            path = recording or source or Path(record.started.source if record.started else "")
            if not path.is_file():
                raise AudioNotFound(f"the recording of {call_id} is not at {path}.", "Name it with --recording FILE.")
            make_folder(output)
            target = output / f"{path.stem}{ENDING}.{form}"
            length = _copy(path, target, spans, how, record.ended.sample_count)
            _note(store, call_id, target)
            covered = within(spans, length)
            covered_s = seconds(sum(end - start for start, end in covered))
            stretches = count_of(len(covered), "stretch", "stretches")
            click.echo(f"{target}: {stretches} covered, {covered_s:.1f} s")


def _call_of(name: str, store: Store) -> tuple[str, Path | None]:
    """The id of a call, by its recording or the beginning of its id; and the recording if that was named."""
    path = Path(name)
    try:
        named = path.is_file()
    except (OSError, ValueError):  # an id that no file can be called
        named = False
    if not named:
        return store.resolve(name), None
    from callcore.audio import content_sha256
    from callcore.errors import CallNotFound
    from callcore.store import Status

    digest = content_sha256(path)
    found = [call for call in store.list_calls() if call.content_sha256 == digest]
    if not found:
        raise CallNotFound(f"{name} was not transcribed into this database.", f"First: callcore transcribe {name}")
    return min(found, key=lambda call: call.status is not Status.DONE).call_id, path


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


def _copy(source: Path, target: Path, spans: list[Span], how: Cover, call_length: int) -> int:
    """Write the copy; its length in samples.

    Raises :class:`AudioMismatch`, and leaves no file, where ``source`` is not as long as the call.
    """
    from callcore.audio import open_audio
    from callcore.capture.recording import write_recording
    from callcore.privacy.audio import MARGIN, cover
    from callcore.types import seconds

    length = 0
    with open_audio(source) as audio:

        def pieces() -> Iterator[Block]:
            nonlocal length
            for block in audio.blocks():
                yield cover(block, length, spans, how)
                length += block.shape[1]
            if abs(length - call_length) > MARGIN:  # what lies further off is not where its words are said to be
                raise AudioMismatch(
                    f"{source} is {seconds(length):.1f} s long and the call {seconds(call_length):.1f} s:"
                    " it is not its recording.",
                    "Name the right one with --recording FILE, or transcribe this one and redact that call.",
                )

        write_recording(target, audio.channel_count, pieces())
    return length


def _note(store: Store, call_id: str, target: Path) -> None:
    """Let a removal of the call know of its copy; one that cannot be noted does not stay."""
    from callcore.audio import content_sha256
    from callcore.store.files import MadeFile

    try:
        store.files.note([MadeFile(call_id, target, "copy", content_sha256(target))], datetime.now(UTC))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
