"""Makes audio for tests: tones, and files in the formats that the installed FFmpeg can write."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

RATE_HZ = 16_000
LEVEL = 0.5


def tone_hz(channel: int) -> float:
    """Each channel has its own tone, all inside the telephone band."""
    return 400.0 + 150.0 * channel


def tones(rate_hz: int, channels: int, seconds: float) -> np.ndarray:
    """Shape (channels, n), float32, amplitude LEVEL."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([LEVEL * np.sin(2 * np.pi * tone_hz(c) * time) for c in range(channels)]).astype(np.float32)


def noise(seconds: float, level: float, seed: int, channels: int = 1) -> np.ndarray:
    """White noise, shape (channels, n) at 16 kHz, RMS ``level``."""
    generator = np.random.default_rng(seed)
    return (generator.standard_normal((channels, round(seconds * RATE_HZ))) * level).astype(np.float32)


def heard_hz(samples: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    """Frequency of the strongest tone in ``samples``, shape (n,)."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n=1 << 18))
    return float(power.argmax() * rate_hz / (1 << 18))


def level_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12))


def need_encoder(codec: str) -> None:
    """Skip where the installed FFmpeg cannot write ``codec`` (some builds leave out patented ones)."""
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no encoder {codec}")
    try:
        av.codec.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"this FFmpeg has no encoder {codec}")


def layout_name(channels: int) -> str:
    return {1: "mono", 2: "stereo", 4: "quad"}.get(channels, f"{channels}C")


def write(
    target: Path | io.BytesIO,
    samples: np.ndarray,
    rate_hz: int,
    codec: str,
    *,
    container: str | None = None,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    jumps_s: dict[int, float] | None = None,
) -> None:
    """Encode ``samples``, shape (channels, n), float32.

    ``jumps_s``: number of a packet to seconds that it and all later ones are put off, which leaves a hole.
    """
    need_encoder(codec)
    layout = layout_name(samples.shape[0])
    file = str(target) if isinstance(target, Path) else target
    with av.open(file, "w", format=container, options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout, options=codec_options or {})
        delay_s = 0.0
        for number, packet in enumerate(packets(stream, samples, rate_hz, layout)):
            delay_s += (jumps_s or {}).get(number, 0.0)
            if delay_s and packet.pts is not None:
                packet.pts += round(delay_s / packet.time_base)
                packet.dts += round(delay_s / packet.time_base)
            out.mux(packet)


def packets(stream, samples, rate_hz, layout):
    """The encoded packets of ``samples``."""
    packed = (np.clip(samples, -1, 32767 / 32768) * 32768).astype(np.int16).T
    for start in range(0, len(packed), 1000):
        chunk = np.ascontiguousarray(packed[start : start + 1000].reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout=layout)
        frame.sample_rate = rate_hz
        frame.pts = start
        yield from stream.encode(frame)
    yield from stream.encode(None)


def write_float_wav(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> None:
    """32-bit float WAV with exactly the given samples, NaN included."""
    data = np.ascontiguousarray(samples.T.astype("<f4")).tobytes()
    channels = samples.shape[0]
    write_wav_header(path, 3, channels, rate_hz, 4 * channels, 32, data)


def write_wav_header(
    path: Path, tag: int, channels: int, rate_hz: int, block_align: int, bits: int, data: bytes, extra: bytes = b""
) -> None:
    """A WAV file of any format tag around ``data``."""
    bytes_per_s = rate_hz * block_align
    form = b"".join(
        value.to_bytes(size, "little")
        for value, size in (
            (tag, 2),
            (channels, 2),
            (rate_hz, 4),
            (bytes_per_s, 4),
            (block_align, 2),
            (bits, 2),
        )
    )
    if extra:
        form += len(extra).to_bytes(2, "little") + extra
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + b"data" + len(data).to_bytes(4, "little") + data
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)


class Pipe(io.RawIOBase):
    """Bytes that come once and cannot be wound back, like standard input; ``data`` may be a generator."""

    name = "pipe"

    def __init__(self, data) -> None:
        self._parts = iter([data]) if isinstance(data, bytes) else data
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        size = len(self._rest) if size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


class Made:
    """Blocks made in a test, as a recording."""

    name = "made"

    def __init__(self, samples: np.ndarray, rate_hz: int = 8000, block: int = RATE_HZ) -> None:
        self.samples = samples
        self.rate_hz = rate_hz
        self.channel_count = samples.shape[0]
        self.block = block
        self.blocks_read = 0

    def blocks(self):
        for start in range(0, self.samples.shape[1], self.block):
            self.blocks_read += 1
            yield self.samples[:, start : start + self.block]
