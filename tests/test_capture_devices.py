"""Devices are found by number, name or a part of it; what cannot work is said with a next step."""

from __future__ import annotations

import json
import sys

import pytest
from capture_tools import FakeSound, PortAudioError

from callcore.capture.devices import AudioDevice, audio_devices, find_device
from callcore.capture.plan import channels_of, one_channel, plan_capture, two_devices
from callcore.capture.portaudio import device_error
from callcore.cli import cli, run
from callcore.cli.devices import hints
from callcore.errors import DeviceBusy, DeviceNotFound, DeviceUnusable, MissingExtra
from callcore.types import Role


def device(index: int, name: str, inputs: int = 2, host_api: str = "ALSA", **options) -> AudioDevice:
    return AudioDevice(name, inputs, 0, 48_000.0, index, host_api, **options)


HEADSET = device(0, "USB Headset: Audio (hw:1,0)", 1, default_input=True)
MONITOR = device(1, "Monitor of USB Headset")
SPEAKER = device(2, "HDMI Output", 0)
LINE = device(3, "Line In 8ch", 8)
ALL = [HEADSET, MONITOR, SPEAKER, LINE]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(0, HEADSET), ("3", LINE), ("line in 8CH", LINE), ("hw:1,0", HEADSET), ("monitor", MONITOR), (" Line ", LINE)],
)
def test_a_device_is_named_by_number_name_or_part(wanted, found):
    assert find_device(wanted, Role.UNKNOWN, ALL) is found


def test_the_usual_devices_of_the_two_sides():
    assert find_device(None, Role.AGENT, ALL) is HEADSET
    assert find_device(None, Role.CUSTOMER, ALL) is MONITOR


@pytest.mark.parametrize(
    ("wanted", "role", "listed", "message", "hint"),
    [
        ("monitr of usb headset", Role.UNKNOWN, ALL, "no input device is called", "Nearest: 1 Monitor of USB Headset"),
        ("xyzzy", Role.UNKNOWN, ALL, "no input device is called", "There are: 0 USB Headset"),
        ("usb headset", Role.UNKNOWN, ALL, "fits several", "1 Monitor of USB Headset"),
        ("HDMI", Role.UNKNOWN, ALL, "no input device", "There are"),
        (2, Role.UNKNOWN, ALL, "plays only", "callcore devices"),
        (17, Role.UNKNOWN, ALL, "there is no device 17", "callcore devices"),
        ("", Role.UNKNOWN, ALL, "empty", "callcore devices"),
        (None, Role.CUSTOMER, [HEADSET], "no device that carries", "callcore devices"),
        (None, Role.CUSTOMER, [MONITOR, device(5, "BlackHole 2ch")], "several devices may carry", "5 BlackHole 2ch"),
        (None, Role.AGENT, [MONITOR], "no default input", "1 Monitor"),
        ("x", Role.UNKNOWN, [SPEAKER], "no device to record from", "callcore devices"),
    ],
)
def test_a_device_that_is_not_there_is_told_with_the_nearest(wanted, role, listed, message, hint):
    with pytest.raises(DeviceNotFound) as told:
        find_device(wanted, role, listed)
    assert message in told.value.message
    assert hint in told.value.hint
    assert told.value.exit_code == 8


def test_of_several_host_apis_the_best_is_taken():
    listed = [device(0, "Headset", host_api="MME"), device(1, "Headset", host_api="Windows WASAPI")]
    assert find_device("headset", Role.UNKNOWN, listed) is listed[1]
    assert find_device("MME", Role.UNKNOWN, listed) is listed[0]


@pytest.mark.parametrize(
    "name",
    [
        "customer_monitor",
        "Speakers (Realtek) [Loopback]",
        "BlackHole 16ch",
        "Stereo Mix (Realtek)",
        "CABLE Output (VB-Audio)",
    ],
)
def test_what_carries_the_sound_of_this_machine_is_guessed_by_its_name(name):
    assert device(0, name).is_monitor
    assert not device(0, name, inputs=0).is_monitor


def test_plans():
    both = two_devices(HEADSET, MONITOR)
    assert both.channels == (0, 1)
    assert both.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    assert [part.opened for part in both.parts] == [1, 2]
    assert one_channel(LINE).roles == {0: Role.UNKNOWN}
    mapped = channels_of(LINE, agent=5, customer=2)
    assert mapped.channels == (0, 1)
    assert (mapped.parts[0].sources, mapped.parts[0].opened) == ((5, 2), 6)
    assert plan_capture(devices=ALL) == both
    assert plan_capture(device="line", channel_map=(5, 2), devices=ALL) == mapped
    assert plan_capture(device=3, devices=ALL) == one_channel(LINE)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: two_devices(MONITOR, MONITOR), "cannot be agent and customer at once"),
        (lambda: two_devices(HEADSET, device(9, HEADSET.name)), "cannot be agent and customer at once"),
        (lambda: two_devices(HEADSET, SPEAKER), "has 0 input channel"),
        (lambda: channels_of(MONITOR, 0, 2), "has 2 input channel(s), 3 are needed"),
        (lambda: channels_of(LINE, 1, 1), "cannot be agent and customer at once"),
    ],
)
def test_devices_that_do_not_fit_are_refused(make, message):
    with pytest.raises(DeviceUnusable) as told:
        make()
    assert message in told.value.message
    assert told.value.hint


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PortAudioError("Device unavailable", -9985), DeviceBusy),
        (PortAudioError("Unanticipated host error", -9999, (0, -16, "Device or resource busy")), DeviceBusy),
        (PortAudioError("Invalid device", -9996), DeviceNotFound),
        (PortAudioError("Unanticipated host error", -9999, (0, -19, "No such device")), DeviceNotFound),
        (PortAudioError("Invalid sample rate", -9997), DeviceUnusable),
        (PortAudioError("Invalid number of channels", -9998), DeviceUnusable),
        (PortAudioError("something else"), DeviceUnusable),
    ],
)
def test_what_portaudio_says_becomes_an_error_with_a_next_step(error, kind):
    told = device_error("Headset", error)
    assert type(told) is kind
    assert told.message.startswith("Headset: ")
    assert told.hint


def fake(monkeypatch, *devices) -> FakeSound:
    sound = FakeSound(devices)
    monkeypatch.setitem(sys.modules, "sounddevice", sound)
    return sound


def test_the_list_of_devices_tells_what_portaudio_knows(monkeypatch):
    fake(monkeypatch, {"name": "mic", "max_input_channels": 1, "default_samplerate": 44_100.0})
    (found,) = audio_devices()
    assert found == AudioDevice("mic", 1, 0, 44_100.0, 0, "ALSA", default_input=True)


def test_without_portaudio_a_part_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtra) as told:
        audio_devices()
    assert told.value.hint


def test_the_command_lists_devices(monkeypatch, capsys):
    fake(
        monkeypatch,
        {"name": "mic [red]", "max_input_channels": 1},
        {"name": "headset_monitor", "max_input_channels": 2},
        {"name": "speaker", "max_input_channels": 0, "max_output_channels": 2},
    )
    assert run(["devices"]) == 0
    shown = capsys.readouterr().out
    assert "mic [red]" in shown
    assert "what this machine plays" in shown
    assert "plays only" in shown
    assert "docs/capture.md" not in shown, "nothing is missing"
    assert run(["devices", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["is_monitor"] for row in rows] == [False, True, False]
    assert rows[0]["default_input"] is True
    assert rows[0]["rate_hz"] == 48_000.0


def test_the_command_says_what_to_set_up(monkeypatch, capsys):
    fake(monkeypatch)
    assert run(["devices"]) == 8
    assert "no sound devices" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("system", "word"),
    [("Linux", "asoundrc"), ("Darwin", "BlackHole"), ("Windows", "cable"), ("Plan9", "docs/capture.md")],
)
def test_hints_are_those_of_the_system(system, word):
    assert any(word in hint for hint in hints([HEADSET], system))
    assert len(hints([SPEAKER], system)) == 2
    assert hints(ALL, system) == []


def test_the_command_is_known():
    assert "devices" in cli.list_commands(None)
