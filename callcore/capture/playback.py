"""Lets somebody hear what was heard."""

from __future__ import annotations

from callcore.capture.portaudio import device_error, portaudio
from callcore.types import SAMPLE_RATE_HZ, Samples


def play(samples: Samples) -> None:
    """Play mono audio at 16 kHz, shape (n,), on the default output; returns when it has been heard.

    Raises :class:`~callcore.errors.DeviceError` where there is no output, :class:`~callcore.errors.MissingExtra`.
    """
    module = portaudio()
    try:
        module.play(samples, SAMPLE_RATE_HZ, blocking=True)
    except module.PortAudioError as error:
        raise device_error("the default output", error) from error
