"""After a live call: a second reading with another model, and what it says otherwise."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from callcore.batch.job import BatchJob, Wishes
from callcore.batch.transcriber import Transcriber
from callcore.cli.conversation import SPEAKER_STYLES, speaker_name
from callcore.cli.counts import count_of
from callcore.cli.printing import printable
from callcore.cli.progress import progress_for
from callcore.config import Settings
from callcore.live.review import Difference, differences
from callcore.record import CallRecord
from callcore.store import Store
from callcore.text.clock import clock
from callcore.types import Role


def review(
    path: Path, live: CallRecord, settings: Settings, model: str, store: Store | None, out: Console, beside: Console
) -> None:
    """Read the recording of a call again with ``model`` and print where that differs from ``live``.

    With a ``store`` the second reading becomes a call of its own there. Raises what reading or recognising raises.
    """
    again = _read_again(path, live, settings, model, store, beside)
    found = differences(live, again)
    words = sum(len(turn.words) for turn in live.turns)
    changed = sum(difference.changed for difference in found)
    named = f"{again.started.model if again.started else model}"
    differ = f"{len(found)} of {count_of(len(live.turns), 'turn')} differ, {changed} of {count_of(words, 'word')}"
    beside.print(Text(f"Read again with {named}: {differ}."))
    for difference in found:
        _print(difference, live, out)


def _read_again(
    path: Path, live: CallRecord, settings: Settings, model: str, store: Store | None, beside: Console
) -> CallRecord:
    channels = {role: channel for channel, role in live.roles.roles.items()} if live.roles else {}
    audio = settings.audio.model_copy(
        update={"agent_channel": channels.get(Role.AGENT), "customer_channel": channels.get(Role.CUSTOMER)}
    )
    recognise = settings.recognise.model_copy(update={"model": model})
    with Transcriber(settings.model_copy(update={"audio": audio, "recognise": recognise})) as transcriber:
        if store is None:
            return transcriber.record(path)
        with progress_for(beside, 1, quiet=False, single=True) as progress:
            job = BatchJob(transcriber, store, Wishes(tickets=False), progress)
            summary = job.run([path])
        if summary.failures:
            error = summary.failures[0].error
            assert error is not None
            raise error
        (report,) = summary.reports
        if not report.call_id:
            raise KeyboardInterrupt
        return store.record(report.call_id)


def _print(difference: Difference, live: CallRecord, out: Console) -> None:
    turn = difference.turn
    style = SPEAKER_STYLES[live.speaker(turn.channel)]
    out.print(Text.assemble((clock(turn.start_sample), "dim"), "  ", (speaker_name(live, turn.channel), style)))
    for sign, text, look in (("-", turn.text, "dim"), ("+", difference.text, "bold")):
        out.print(Text.assemble(f"  {sign} ", (printable(text), look)), soft_wrap=True)
