"""Which channels of a recording are listened to, and whose they are where that is known beforehand.

The first minute is read, judged and handed on again, so a file and a pipe go through the same single pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from callcore.audio.faults import FaultDetector
from callcore.audio.frames import Block, frames
from callcore.config import AudioSettings
from callcore.errors import ChannelError
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Role, WarningKind

PROBE_S = 60.0  #: read before the layout is decided; 4 MB of memory a channel
LOUDER_DB = 1.0  #: of two copies, the second is taken only when it is louder by more than this


class Recording(Protocol):
    """What the layout needs of an :class:`~callcore.audio.decode.AudioSource`."""

    @property
    def name(self) -> str: ...
    @property
    def rate_hz(self) -> int: ...
    @property
    def channel_count(self) -> int: ...
    def blocks(self) -> Iterator[Block]: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """The channels to listen to.

    ``channels``: numbers of the frames' channels. ``sources``: channels of the recording they are made of; the same
    unless ``downmix``. ``roles``: who speaks on each, or None when the words must decide. ``left_out``: channels of the
    recording not listened to because of a fault, with the warning that tells why.
    """

    channels: tuple[int, ...]
    sources: tuple[int, ...]
    roles: Mapping[int, Role] | None
    downmix: bool = False
    left_out: Mapping[int, AudioWarning] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[AudioWarning, ...]:
        """The faults the layout was decided on."""
        return tuple(self.left_out.values())

    def frames(self, blocks: Iterable[Block], frame_samples: int) -> Iterator[AudioFrame]:
        """:func:`callcore.audio.frames.frames` of the channels listened to."""
        return frames(blocks, self.sources, frame_samples, downmix=self.downmix)

    def news(self, found: Iterable[AudioWarning]) -> list[AudioWarning]:
        """Of the faults ``found`` over the whole call, those not already in :attr:`warnings`."""
        told = {_identity(warning) for warning in self.warnings}
        return [warning for warning in found if _identity(warning) not in told]

    def refuted_by(self, found: Iterable[AudioWarning]) -> tuple[int, ...]:
        """Channels left out for a fault that the whole call (``found``) does not bear out.

        Channels may be equal while a queue's music plays and part later; a file should then be read again with
        ``probe_layout(..., trust=False)``.
        """
        held = {_identity(warning) for warning in found}
        return tuple(sorted(number for number, why in self.left_out.items() if _identity(why) not in held))


def probe_layout(
    source: Recording, settings: AudioSettings, probe_s: float = PROBE_S, *, trust: bool = True
) -> tuple[Layout, Iterator[Block]]:
    """The layout of ``source`` and all its blocks from the start; takes ``source.blocks()``.

    Channels stated in ``settings`` are taken as stated. Otherwise, after ``probe_s`` seconds: of channels with the same
    signal one is kept; a dead channel is left out when another lives and the recording ends within the probe (a side
    that is silent for a minute may speak yet, and listening to silence costs next to nothing); a single channel has
    the role UNKNOWN; several have roles None. With ``trust`` False no channel is left out.

    Raises :class:`~callcore.errors.ChannelError` when a stated channel is not there.
    """
    count = source.channel_count
    stated = _stated(source.name, count, settings)
    blocks = source.blocks()
    if stated is not None:
        return stated, blocks
    left_out: dict[int, AudioWarning] = {}
    if count > 1 and trust:
        left_out, blocks = _faulty(blocks, count, source.rate_hz, probe_s)
    sources = tuple(number for number in range(count) if number not in left_out)
    channels = (0,) if settings.downmix else sources
    roles = {channels[0]: Role.UNKNOWN} if len(channels) == 1 else None
    return Layout(channels, sources, roles, downmix=settings.downmix, left_out=left_out), blocks


def _stated(name: str, count: int, settings: AudioSettings) -> Layout | None:
    """The layout that the settings state; None when they leave it open."""
    stated = {Role.AGENT: settings.agent_channel, Role.CUSTOMER: settings.customer_channel}
    roles = {number: role for role, number in stated.items() if number is not None}
    if not roles:
        return None
    for number, role in roles.items():
        if number >= count:
            raise ChannelError(
                f"{name}: has no channel {number} for the {role.value}.", f"It has {_listed(range(count))}."
            )
    if len(roles) == 1 and count == 2:
        (number,) = roles
        roles[1 - number] = Role.CUSTOMER if roles[number] is Role.AGENT else Role.AGENT
    elif len(roles) == 1:
        roles = {number: roles.get(number, Role.UNKNOWN) for number in range(count)}
    channels = tuple(sorted(roles))
    return Layout(channels, channels, {number: roles[number] for number in channels})


def _faulty(
    blocks: Iterator[Block], count: int, rate_hz: int, probe_s: float
) -> tuple[dict[int, AudioWarning], Iterator[Block]]:
    """Channels not worth listening to, judged by the first ``probe_s``; and all blocks again."""
    detector = FaultDetector(count, rate_hz)
    read: list[Block] = []
    whole = True
    for block in blocks:
        read.append(block)
        detector.push(block)
        if detector.sample_count >= probe_s * SAMPLE_RATE_HZ:
            whole = False
            break
    left_out = _left_out(detector.finish(), whole=whole)
    return left_out, chain(_handed_on(read), blocks)


def _handed_on(read: list[Block]) -> Iterator[Block]:
    """The blocks, let go one by one so that the probe's memory is free again soon."""
    read.reverse()
    while read:
        yield read.pop()


def _left_out(found: Sequence[AudioWarning], *, whole: bool) -> dict[int, AudioWarning]:
    left_out: dict[int, AudioWarning] = {}
    for warning in found:
        if warning.channel is None:
            continue
        if warning.kind is WarningKind.DUPLICATED_CHANNELS:
            first = int(warning.detail["of"])
            louder = warning.detail["gain_db"] > LOUDER_DB and first not in left_out
            left_out[first if louder else warning.channel] = warning
        elif warning.kind is WarningKind.DEAD_CHANNEL and whole:
            left_out[warning.channel] = warning
    return left_out


def _identity(warning: AudioWarning) -> tuple[WarningKind, int | None]:
    return warning.kind, warning.channel


def _listed(numbers: Iterable[int]) -> str:
    names = [str(number) for number in numbers]
    return f"channel {names[0]} only" if len(names) == 1 else f"channels {', '.join(names[:-1])} and {names[-1]}"
