"""Which devices a live call is taken from, and whose voice each of their channels is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callcore.capture.devices import AudioDevice, audio_devices, find_device
from callcore.capture.portaudio import LIST_DEVICES
from callcore.errors import DeviceUnusable
from callcore.types import Role

MIXED = 2  #: of a device used as one channel so many are opened (where it has them) and mixed: softphones play both


@dataclass(frozen=True, slots=True)
class DevicePart:
    """A device and what it is used for.

    ``channels``: the call's channels it feeds. ``sources``: the device's channel for each of them, counted from 0; or
    empty when its first two channels are mixed to one.
    """

    device: AudioDevice
    channels: tuple[int, ...]
    sources: tuple[int, ...] = ()

    @property
    def opened(self) -> int:
        """How many channels of the device must be opened."""
        return max(self.sources) + 1 if self.sources else min(MIXED, self.device.inputs)


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """The devices of a call. ``roles``: who speaks on each of the call's channels."""

    parts: tuple[DevicePart, ...]
    roles: Mapping[int, Role] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[int, ...]:
        """The call's channels."""
        return tuple(sorted(number for part in self.parts for number in part.channels))

    @property
    def name(self) -> str:
        """The devices' names, for messages and as the source of the call."""
        return " + ".join(part.device.name for part in self.parts)


def two_devices(agent: AudioDevice, customer: AudioDevice) -> CapturePlan:
    """Agent from one device (the microphone), customer from another (a monitor or loopback).

    Raises :class:`DeviceUnusable` when they are the same or one has no input.
    """
    if agent.index == customer.index or (agent.name, agent.host_api) == (customer.name, customer.host_api):
        raise DeviceUnusable(
            f"{agent.name}: one device cannot be agent and customer at once.",
            "Name the monitor of what the softphone plays for the customer; for one device with both voices on "
            f"channels of its own name that device alone. {LIST_DEVICES}",
        )
    for device in (agent, customer):
        _needs(device, 1)
    parts = (DevicePart(agent, (0,)), DevicePart(customer, (1,)))
    return CapturePlan(parts, {0: Role.AGENT, 1: Role.CUSTOMER})


def one_channel(device: AudioDevice, role: Role = Role.UNKNOWN) -> CapturePlan:
    """One device as one channel: both voices mixed, or one side only. Raises :class:`DeviceUnusable` without input."""
    _needs(device, 1)
    return CapturePlan((DevicePart(device, (0,)),), {0: role})


def channels_of(device: AudioDevice, agent: int = 0, customer: int = 1) -> CapturePlan:
    """One device that carries both: ``agent`` and ``customer`` are its channels, counted from 0.

    Raises :class:`DeviceUnusable` when it has not so many channels, or both are the same.
    """
    if agent == customer:
        raise DeviceUnusable(
            f"{device.name}: channel {agent} cannot be agent and customer at once.",
            "State two channels, or use the device as one channel.",
        )
    _needs(device, max(agent, customer) + 1)
    part = DevicePart(device, (0, 1), (agent, customer))
    return CapturePlan((part,), {0: Role.AGENT, 1: Role.CUSTOMER})


def plan_capture(
    agent: str | int | None = None,
    customer: str | int | None = None,
    device: str | int | None = None,
    channel_map: tuple[int, int] | None = None,
    devices: Sequence[AudioDevice] | None = None,
) -> CapturePlan:
    """A plan from what somebody typed (:func:`~callcore.capture.devices.find_device`).

    ``device``: one device alone, as one channel, or with ``channel_map`` as (agent's, customer's) channel. Otherwise
    two devices; one that is not named is the default microphone or the only monitor. ``devices``: to be searched
    instead of those of this machine.

    Raises :class:`~callcore.errors.DeviceNotFound`, :class:`~callcore.errors.DeviceUnusable` and
    :class:`~callcore.errors.MissingExtra`.
    """
    listed = audio_devices() if devices is None else devices
    if device is not None:
        found = find_device(device, Role.UNKNOWN, listed)
        return channels_of(found, *channel_map) if channel_map else one_channel(found)
    return two_devices(find_device(agent, Role.AGENT, listed), find_device(customer, Role.CUSTOMER, listed))


def _needs(device: AudioDevice, count: int) -> None:
    if device.inputs < count:
        raise DeviceUnusable(f"{device.name}: has {device.inputs} input channel(s), {count} are needed.", LIST_DEVICES)
