"""The stated format of audio that carries no header."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.errors import ConfigError

ENCODINGS = ("s16le", "mulaw", "alaw", "f32le")  #: as FFmpeg names them; 2, 1, 1 and 4 bytes a sample
MIN_RATE_HZ = 1_000
MAX_RATE_HZ = 384_000


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How to read headerless PCM: samples of all channels interleaved.

    Raises :class:`~callcore.errors.ConfigError` when a value cannot be meant.
    """

    encoding: str
    rate_hz: int
    channels: int = 1

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ConfigError(f"raw encoding {self.encoding!r} is not known.", f"Use one of {', '.join(ENCODINGS)}.")
        if not MIN_RATE_HZ <= self.rate_hz <= MAX_RATE_HZ:
            raise ConfigError(
                f"raw rate {self.rate_hz} Hz cannot be meant.", "Telephone audio has 8000, most other 16000."
            )
        if not 1 <= self.channels <= 64:
            raise ConfigError(f"raw audio cannot have {self.channels} channels.", "Use 1 to 64.")

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """The format written as ``ENCODING:RATE[:CHANNELS]``, for example ``mulaw:8000:2``.

        Raises :class:`~callcore.errors.ConfigError` when it is written differently.
        """
        encoding, _, numbers = text.partition(":")
        rate, _, channels = numbers.partition(":")
        if not (rate.isascii() and rate.isdigit()) or (channels and not (channels.isascii() and channels.isdigit())):
            raise ConfigError(
                f"raw format {text!r} is not understood.", "Write ENCODING:RATE:CHANNELS, for example s16le:8000:2."
            )
        return cls(encoding, int(rate[:9]), int(channels[:9] or 1))
