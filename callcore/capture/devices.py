"""The audio devices of this machine. The one door to PortAudio (the sounddevice library)."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A device with its number of input and output channels and its usual rate."""

    name: str
    inputs: int
    outputs: int
    rate_hz: float


def audio_devices() -> list[AudioDevice]:
    """All devices PortAudio sees. Raises :class:`MissingExtra` when PortAudio is not there or does not start."""
    try:
        import sounddevice  # loading it starts PortAudio

        devices = sounddevice.query_devices()
    except OSError as error:  # no shared library
        raise MissingExtra("the PortAudio library is missing.") from error
    except ImportError as error:
        raise MissingExtra("the sounddevice package is missing.") from error
    except sounddevice.PortAudioError as error:
        raise MissingExtra(f"PortAudio does not start: {error}.") from error
    return [
        AudioDevice(
            name=str(device["name"]),
            inputs=int(device["max_input_channels"]),
            outputs=int(device["max_output_channels"]),
            rate_hz=float(device["default_samplerate"]),
        )
        for device in devices
    ]
