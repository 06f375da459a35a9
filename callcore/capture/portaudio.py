"""The one door to PortAudio (the sounddevice library): loading it, and its errors as ours."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from callcore.errors import DeviceBusy, DeviceError, DeviceNotFound, DeviceUnusable, MissingExtra

LIST_DEVICES = "See what there is: callcore devices"

# PortAudio's error numbers (portaudio.h) that tell what to do.
INVALID_CHANNEL_COUNT = -9998
INVALID_SAMPLE_RATE = -9997
INVALID_DEVICE = -9996
HOST_ERROR = -9999
BAD_COMBINATION = -9993
DEVICE_UNAVAILABLE = -9985
BUSY_ERRNO = 16  #: EBUSY, as ALSA reports it through HOST_ERROR
GONE_ERRNO = (2, 5, 6, 19)  #: ENOENT, EIO (what the PulseAudio plugin says of a source it lacks), ENXIO, ENODEV


def portaudio() -> ModuleType:
    """The sounddevice module. Raises :class:`MissingExtra` when it or PortAudio is not there, or does not start."""
    try:
        import sounddevice  # loading it starts PortAudio
    except OSError as error:  # no shared library
        raise MissingExtra("the PortAudio library is missing.", "Install it; callcore doctor says how.") from error
    except ImportError as error:
        raise MissingExtra("the sounddevice package is missing.", "pip install sounddevice") from error
    except Exception as error:
        if type(error).__name__ != "PortAudioError":  # it cannot be imported: importing is what failed
            raise
        raise MissingExtra(f"PortAudio does not start: {error}.", "Check the machine's sound system.") from error
    module: ModuleType = sounddevice
    return module


def restart() -> None:
    """Look for devices anew. Every stream must be closed: PortAudio knows the devices of its start only."""
    module = portaudio()
    module._terminate()
    module._initialize()


def error_code(error: Exception) -> int:
    """PortAudio's number of a ``PortAudioError``; 0 when it carries none."""
    return int(error.args[1]) if len(error.args) > 1 and isinstance(error.args[1], int) else 0


def device_error(name: str, error: Exception) -> DeviceError:
    """What PortAudio says about device ``name`` as one of ours, with a next step."""
    code = error_code(error)
    host: Any = error.args[2] if len(error.args) > 2 else None
    host_errno = abs(int(host[1])) if isinstance(host, tuple) and len(host) > 1 else 0
    if code == DEVICE_UNAVAILABLE or (code == HOST_ERROR and host_errno == BUSY_ERRNO):
        return DeviceBusy(
            f"{name}: another program holds this device.",
            "Close that program, or pick the device of the sound server (pulse, pipewire, default), which is shared.",
        )
    if code in (INVALID_DEVICE, BAD_COMBINATION) or (code == HOST_ERROR and host_errno in GONE_ERRNO):
        return DeviceNotFound(f"{name}: cannot be opened; it is not there any more.", LIST_DEVICES)
    if code == INVALID_CHANNEL_COUNT:
        return DeviceUnusable(f"{name}: refuses so many channels.", LIST_DEVICES)
    if code == INVALID_SAMPLE_RATE:
        return DeviceUnusable(
            f"{name}: refuses 16 kHz and its own default rate.",
            "Set another rate in the system's sound settings, or pick the device of the sound server.",
        )
    what = str(error.args[0]) if error.args else type(error).__name__
    return DeviceUnusable(f"{name}: cannot be opened ({what}).", LIST_DEVICES)
