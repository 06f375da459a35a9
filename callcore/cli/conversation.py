"""A call as two speakers, for the terminal; plain lines where the output is piped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from callcore.cli.counts import count_of
from callcore.cli.printing import printable
from callcore.text.clock import clock
from callcore.types import Rejected, Role, RolesAssigned, Turn

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from callcore.record import CallRecord

SPEAKER_STYLES = {Role.AGENT: "cyan", Role.CUSTOMER: "green", Role.UNKNOWN: "magenta"}
ROLE_SOURCES = {"option": "as you said", "cues": "by what is said", "mono": "both sides are on it"}
REASONS = {
    "too_short": "too short for speech",
    "unsure": "probably no speech",
    "no_text": "the recogniser wrote nothing",
    "no_speech": "the recogniser heard no speech",
    "phantom_text": "a phrase that recognisers invent where nothing is said",
    "repetition_loop": "the recogniser repeated itself",
    "too_dense": "more text than can be said in that time",
    "low_confidence": "the recogniser was too unsure of it",
}  #: of a refused segment, in words


def role_name(role: Role, language: str) -> str:
    """The role as the files write it: 坐席 or 客户 for Chinese, Agent or Customer else."""
    from callcore.output.labels import speaker_labels

    return speaker_labels({0: role}, language)[0]


def speaker_name(record: CallRecord, channel: int) -> str:
    """The role as the files write it; where nobody knows, the channel, by which ``--agent-channel`` names it."""
    from callcore.text.chars import is_chinese

    role = record.speaker(channel)
    if role is not Role.UNKNOWN:
        return role_name(role, record.language)
    return f"{'声道' if is_chinese(record.language) else 'channel'} {channel}"


def print_conversation(record: CallRecord, console: Console) -> None:
    """Print the turns of a call, one speaker in each colour, with the time each begins.

    A turn that begins while another speaker's turn goes on is marked with ``/``.
    """
    from rich.table import Table
    from rich.text import Text

    from callcore.output.labels import columns

    if not record.turns:
        console.print(Text("no speech was transcribed", style="dim"))
        return
    width = max(columns(speaker_name(record, turn.channel)) for turn in record.turns)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for overflow in ("ellipsis", "ellipsis", "fold"):  # Han text has no spaces to break at
        grid.add_column(overflow=overflow, no_wrap=overflow != "fold")
    for turn, over in zip(record.turns, _overlaps(record.turns), strict=True):
        cells = _cells(record, turn, over=over, width=width)
        said = _meaning(record, turn)
        if console.is_terminal:
            grid.add_row(*cells)
            if said:
                grid.add_row(Text(), Text(), said)
        else:
            console.print(Text("  ").join((*cells, said) if said else cells), soft_wrap=True)  # a line a turn
    if console.is_terminal:
        console.print(grid)


def print_facts(record: CallRecord, console: Console) -> None:
    """Print what is known of a call apart from its words: file, model, length, roles, warnings, refused segments."""
    from rich.text import Text

    for name, value in _facts(record):
        console.print(Text.assemble((f"{name:<9} ", "dim"), printable(value)), soft_wrap=True)
    for warning in record.warnings:
        where = "" if warning.channel is None else f" (channel {warning.channel})"
        line = f"warning   {clock(warning.at_sample)} {warning.kind.value}{where}: {printable(warning.message)}"
        console.print(Text(line, style="yellow"), soft_wrap=True)
    for rejected in record.rejected:
        if rejected.text_length:
            console.print(Text(_refusal(record, rejected), style="yellow"), soft_wrap=True)
    # Sounds that gave no text are many and harmless: clicks, breath, the other side in the background.
    textless = Counter(rejected.reason for rejected in record.rejected if not rejected.text_length)
    for reason, count in textless.items():
        console.print(
            Text(f"left out  {count_of(count, 'sound')}: {REASONS.get(reason, reason)}", style="dim"), soft_wrap=True
        )


def _facts(record: CallRecord) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if record.started:
        facts = [
            ("call", record.started.call_id),
            ("file", record.started.source),
            ("audio", f"{count_of(record.started.channel_count, 'channel')}, {record.started.rate_hz} Hz"),
            ("model", f"{record.started.model} ({record.started.model_hash[:12]})"),
        ]
    facts.append(("length", clock(record.sample_count) + ("" if record.complete else " (not followed to its end)")))
    for decided in record.languages:
        scope = "" if decided.channel is None else f" on channel {decided.channel}"
        facts.append(("language", f"{decided.language} ({decided.probability:.0%}){scope}"))
    if record.roles:
        who = ", ".join(f"channel {channel} {role.value}" for channel, role in sorted(record.roles.roles.items()))
        facts.append(("speakers", f"{who} ({_certainty(record.roles)})"))
    return facts


def _certainty(roles: RolesAssigned) -> str:
    source = ROLE_SOURCES.get(roles.source, roles.source)
    return f"{source}, {roles.confidence:.0%} sure" if roles.source == "cues" else source


def _refusal(record: CallRecord, rejected: Rejected) -> str:
    span = f"{clock(rejected.start_sample)}-{clock(rejected.end_sample)}"
    reason = REASONS.get(rejected.reason, rejected.reason)
    detail = f" ({printable(rejected.detail)})" if rejected.detail else ""
    whose = f"{speaker_name(record, rejected.channel)}, {count_of(rejected.text_length, 'character')}"
    return f"refused   {span} {whose}: {reason}{detail}"


def _overlaps(turns: list[Turn]) -> list[bool]:
    """For each turn, whether one of another channel that began before still goes on."""
    ends: dict[int, int] = {}
    marks = []
    for turn in turns:
        marks.append(any(end > turn.start_sample for channel, end in ends.items() if channel != turn.channel))
        ends[turn.channel] = max(ends.get(turn.channel, 0), turn.end_sample)
    return marks


def _meaning(record: CallRecord, turn: Turn) -> Text | None:
    """What a turn means, in a few words; None where nothing is worth them."""
    from callcore.cli.tags import bundled, tag_line, tags

    understood = record.understandings.get(turn.turn_id)
    found = tags(understood, record.speaker(turn.channel), bundled()) if understood else []
    return tag_line(found) if found else None


def _cells(record: CallRecord, turn: Turn, *, over: bool, width: int) -> tuple[Text, Text, Text]:
    from rich.text import Text

    from callcore.output.labels import padded

    style = SPEAKER_STYLES[record.speaker(turn.channel)]
    return (
        Text(f"{clock(turn.start_sample)}{'/' if over else ' '}", style="dim"),
        Text(padded(speaker_name(record, turn.channel), width), style=f"bold {style}"),
        Text(printable(turn.text), style=style),
    )
