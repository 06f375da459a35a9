"""``callcore devices``: the sound devices of this machine, and what to set up where one is missing."""

from __future__ import annotations

import dataclasses
import json
import platform
from typing import TYPE_CHECKING

import click

from callcore.cli.options import format_option

if TYPE_CHECKING:
    from callcore.capture.devices import AudioDevice

NO_DEVICE = 8  # exit code when there is nothing to record from

NO_INPUT = {
    "Linux": "No input: is PulseAudio or PipeWire running (pactl info), and are PortAudio's plugins for it there "
    "(apt install libasound2-plugins or pipewire-alsa)?",
    "Darwin": "No input: allow this terminal to use the microphone (System Settings, Privacy & Security, Microphone).",
    "Windows": "No input: allow desktop apps to use the microphone (Settings, Privacy & security, Microphone).",
}
NO_MONITOR = {
    "Linux": "No device carries what this machine plays. Add the monitor of your loudspeaker or headset to ~/.asoundrc "
    "(pactl list short sources names it; docs/capture.md has the lines).",
    "Darwin": "No device carries what this machine plays. Install BlackHole (brew install blackhole-2ch) and have the "
    "softphone play to a multi-output device that holds it (docs/capture.md).",
    "Windows": "No device carries what this machine plays. Install a virtual cable (VB-CABLE) or switch on Stereo Mix "
    "(docs/capture.md).",
}


@click.command(
    epilog="""\b
Examples:
  callcore devices
  callcore devices --format json

A device is named by its number or a part of its name. "hears" says what an input is for: the microphone (agent), or
the monitor of what this machine plays (customer). Ends with exit code 8 when there is nothing to record from."""
)
@format_option("table")
def devices(form: str) -> int:
    """List the sound devices, and say what to set up where one is missing."""
    from callcore.capture.devices import audio_devices

    found = audio_devices()
    if form == "json":
        click.echo(json.dumps([_row(device) for device in found], ensure_ascii=False, indent=2))
    else:
        _print(found)
    return 0 if any(device.inputs for device in found) else NO_DEVICE


def _row(device: AudioDevice) -> dict[str, object]:
    return {**dataclasses.asdict(device), "is_monitor": device.is_monitor}


def hints(found: list[AudioDevice], system: str) -> list[str]:
    """What to set up on ``system`` (``platform.system()``) so that both sides of a call can be heard."""
    told = []
    if not any(device.inputs for device in found):
        told.append(NO_INPUT.get(system, "No input: check the sound settings of this system."))
    if not any(device.is_monitor for device in found):
        told.append(NO_MONITOR.get(system, "No device carries what this machine plays: see docs/capture.md."))
    return told


def _print(found: list[AudioDevice]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from callcore.cli.tables import print_table

    console = Console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("no.", "device", "host API", "in", "out", "rate", "hears"):
        table.add_column(title, justify="right" if title in ("no.", "in", "out", "rate") else "left")
    for device in found:
        numbers = (str(device.inputs), str(device.outputs), f"{device.rate_hz:,.0f} Hz")
        style = "" if device.inputs else "dim"
        name = Text(device.name, style=style)  # it may hold what rich takes for markup
        table.add_row(str(device.index), name, device.host_api, *numbers, _hears(device), style=style)
    if found:
        print_table(table, console)
    else:
        click.echo("There are no sound devices.")
    for hint in hints(found, platform.system()):
        click.echo()
        click.echo(hint)


def _hears(device: AudioDevice) -> str:
    if not device.inputs:
        return "plays only"
    what = "what this machine plays" if device.is_monitor else "microphone or line"
    return f"{what} (default)" if device.default_input else what
