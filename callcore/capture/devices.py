"""The audio devices of this machine, and how one is named on the command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callcore.capture.portaudio import LIST_DEVICES, portaudio
from callcore.errors import DeviceNotFound, MissingExtra
from callcore.types import Role

# Devices that carry what another program plays. The names are those of the systems and of the usual virtual cables.
MONITOR_NAME = re.compile(
    r"monitor|loopback|blackhole|soundflower|stereo mix|what u hear|wave out mix|cable output|vb-audio|voicemeeter"
    r"|立体声混音",
    re.IGNORECASE,
)
# Some of these hear the loudspeaker itself; Windows hands out nothing while nothing is played there.
PAUSING_NAME = re.compile(r"\[loopback\]", re.IGNORECASE)

# Windows lists every device once per host API; the later ones in this list are older.
HOST_APIS = ("Windows WASAPI", "Core Audio", "PulseAudio", "JACK Audio Connection Kit", "ALSA", "MME")


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A device with its number of input and output channels and its usual rate."""

    name: str
    inputs: int
    outputs: int
    rate_hz: float
    index: int = -1  #: PortAudio's number; may change when devices come and go
    host_api: str = ""
    default_input: bool = False
    default_output: bool = False

    @property
    def is_monitor(self) -> bool:
        """Whether, by its name, it carries what this machine plays (a guess)."""
        return self.inputs > 0 and MONITOR_NAME.search(self.name) is not None

    @property
    def pauses(self) -> bool:
        """Whether it delivers nothing, rather than silence, while nothing is played."""
        return PAUSING_NAME.search(self.name) is not None


def audio_devices() -> list[AudioDevice]:
    """All devices PortAudio sees. Raises :class:`MissingExtra` when PortAudio is not there or does not start."""
    module = portaudio()
    try:
        devices: Sequence[dict[str, Any]] = module.query_devices()
        host_apis: Sequence[dict[str, Any]] = module.query_hostapis()
        default_input, default_output = module.default.device
    except module.PortAudioError as error:
        raise MissingExtra(f"PortAudio does not start: {error}.", "Check the machine's sound system.") from error
    return [
        AudioDevice(
            name=str(device["name"]),
            inputs=int(device["max_input_channels"]),
            outputs=int(device["max_output_channels"]),
            rate_hz=float(device["default_samplerate"]),
            index=number,
            host_api=str(host_apis[int(device["hostapi"])]["name"]),
            default_input=number == default_input,
            default_output=number == default_output,
        )
        for number, device in enumerate(devices)
    ]


def find_device(
    wanted: str | int | None, role: Role = Role.UNKNOWN, devices: Sequence[AudioDevice] | None = None
) -> AudioDevice:
    """The input device that ``wanted`` names: its index, its name, or a part of the name that only it has.

    None: the default input for the agent and for one device alone; for the customer the only monitor there is.
    ``devices``: to be searched instead of those of :func:`audio_devices`.

    Raises :class:`DeviceNotFound` with the names that come nearest, and :class:`MissingExtra`.
    """
    listed = list(audio_devices() if devices is None else devices)
    inputs = [device for device in listed if device.inputs]
    if not inputs:
        raise DeviceNotFound("there is no device to record from.", "callcore devices says what to set up.")
    if wanted is None:
        return _usual(inputs, role)
    text = str(wanted).strip()
    if text.isdigit():
        return _numbered(int(text), listed)
    if not text:
        raise DeviceNotFound("the name of a device is empty.", LIST_DEVICES)
    folded = text.casefold()
    found = [device for device in inputs if device.name.casefold() == folded]
    found = found or [device for device in inputs if folded in f"{device.name}, {device.host_api}".casefold()]
    if not found:
        raise DeviceNotFound(f'no input device is called "{text}".', _nearest(folded, inputs))
    return _only(text, found)


def _usual(inputs: Sequence[AudioDevice], role: Role) -> AudioDevice:
    if role is Role.CUSTOMER:
        monitors = _best_host_api([device for device in inputs if device.is_monitor])
        if len(monitors) == 1:
            return monitors[0]
        what = "there is no device that carries" if not monitors else "several devices may carry"
        names = f" Name one: {_names(monitors)}." if monitors else " callcore devices says how to set one up."
        raise DeviceNotFound(f"{what} what this machine plays, the customer's voice.", names.strip())
    for device in inputs:
        if device.default_input:
            return device
    raise DeviceNotFound("the system has no default input device.", f"Name one of: {_names(inputs)}.")


def _numbered(index: int, devices: Sequence[AudioDevice]) -> AudioDevice:
    for device in devices:
        if device.index == index:
            if device.inputs:
                return device
            raise DeviceNotFound(f"device {index} ({device.name}) plays only; it has no input.", LIST_DEVICES)
    raise DeviceNotFound(f"there is no device {index}.", LIST_DEVICES)


def _only(text: str, found: Sequence[AudioDevice]) -> AudioDevice:
    best = _best_host_api(found)
    if len({device.name for device in best}) > 1:
        raise DeviceNotFound(f'"{text}" fits several devices.', f"Say more, or a number: {_names(best)}.")
    return best[0]


def _best_host_api(found: Sequence[AudioDevice]) -> list[AudioDevice]:
    """Of devices that several host APIs list, those of the best one."""
    for host_api in HOST_APIS:
        of_it = [device for device in found if device.host_api == host_api]
        if of_it:
            return of_it
    return list(found)


def _nearest(folded: str, inputs: Sequence[AudioDevice]) -> str:
    by_name = {device.name.casefold(): device for device in inputs}
    near = difflib.get_close_matches(folded, by_name, n=3, cutoff=0.5)
    shown = [by_name[name] for name in near] or list(inputs)
    return f"{'Nearest' if near else 'There are'}: {_names(shown)}. All: callcore devices"


def _names(devices: Sequence[AudioDevice], limit: int = 6) -> str:
    names = [f"{device.index} {device.name}" for device in devices[:limit]]
    more = f" and {len(devices) - limit} more" if len(devices) > limit else ""
    return ", ".join(names) + more
