"""The one door to FFmpeg (PyAV): containers to decoded samples, its errors to ours.

PyAV keeps FFmpeg's own log silent unless somebody turns it on.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame as DecodedFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from callcore.audio.raw import RawFormat
from callcore.audio.riff import missing_bytes
from callcore.errors import AudioUnreadable

MIN_GAP_S = 0.1  #: a hole in the time stamps longer than this is silence that was not recorded; jitter stays below
MAX_GAP_S = 600.0  #: a longer jump of the time stamps is a fault of the clock, not of the audio
FILL_S = 1.0  #: silence for a hole comes in pieces of at most this length
HEAD_BYTES = 65_536  #: start of a file in which a WAV header is looked for

# FFmpeg opens these by file name and takes them for 44.1 kHz mono, which a telephone recording never is.
HEADERLESS = re.compile(r"([fsu](8|16|24|32|64)(be|le)?|alaw|mulaw|vidc)$")

# Formats whose header states how long the audio is; of others FFmpeg guesses it from size and bit rate.
STATES_LENGTH = {"flac", "mov", "matroska", "aiff", "w64", "caf"}

# Tags in a national encoding are no reason to refuse the audio. PyAV 19 takes them as they are.
TAGS: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}

Packed = npt.NDArray[np.float32]  #: shape (n, channels), float32, full scale 1.0, at the source's rate
Piece = tuple[Packed, int]  #: samples and their rate in Hz


class Reader:
    """A binary stream as PyAV wants it, remembering its first bytes and how many were read."""

    def __init__(self, stream: BinaryIO, name: str, *, owned: bool) -> None:
        self._stream = stream
        self._owned = owned
        self._head = b""
        self.name = name
        self.bytes_read = 0

    def read(self, size: int = -1) -> bytes:
        data = bytes(self._stream.read(size) or b"")
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self.bytes_read += len(data)
        return data

    def missing_bytes(self) -> int:
        """Bytes that a WAV header promised and that did not come."""
        return missing_bytes(self._head, self.bytes_read)

    def close(self) -> None:
        """Close the stream, if it was opened here."""
        if self._owned:
            self._stream.close()


class Media:
    """An open container and the decoder of its first audio track.

    Raises :class:`~callcore.errors.AudioUnreadable` where there is no container, no audio track or no decoder.
    """

    def __init__(self, source: str | Reader, name: str, raw: RawFormat | None) -> None:
        self._container = _open(source, name, raw)
        try:
            self._stream = _audio_track(self._container, name)
        except AudioUnreadable:
            self._container.close()
            raise
        self.broke = False  #: the container could not be followed to its end
        self.damaged_packets = 0  #: stretches the decoder refused
        self.gap_s = 0.0  #: silence put where the time stamps leave holes
        self.format: str = self._container.format.name  #: FFmpeg's name of the container
        self.codec: str = self._stream.codec_context.name  #: FFmpeg's name of the codec
        self.track_count = len(self._container.streams.audio)
        self.duration_s = self._duration_s()  #: as stated or estimated; None when unknown

    def close(self) -> None:
        self._container.close()

    def pieces(self) -> Generator[Piece]:
        """Samples as packed float with their rate, in the source's own cuts; holes in time filled with silence."""
        convert = _ToFloat()
        clock = _Clock()
        for frame in self._frames():
            try:
                converted = convert(frame)
            except av.FFmpegError:  # more than 64 channels: a damaged header
                self.damaged_packets += 1
                continue
            for count in clock.missing(frame):
                self.gap_s += count / frame.sample_rate
                yield np.zeros((count, frame.layout.nb_channels), dtype=np.float32), frame.sample_rate
            clock.passed(frame)
            for packed in converted:
                yield packed, frame.sample_rate

    def _frames(self) -> Iterator[DecodedFrame]:
        """Decoded frames; a packet that cannot be decoded is counted and left out, a broken container ends them."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError):
                self.broke = True
                return
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                self.damaged_packets += 1
                continue
            for frame in decoded:
                if isinstance(frame, DecodedFrame) and frame.samples:
                    yield frame

    def _duration_s(self) -> float | None:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is not None:
            return self._container.duration / av.time_base
        return None

    def has_format(self) -> bool:
        """Whether a rate was found; without one a container was taken for audio by its name only."""
        return self._stream.codec_context.sample_rate > 0

    def states_length(self) -> bool:
        """Whether ``duration_s`` is what the header says about the audio, and no estimate."""
        family = self.format.partition(",")[0]
        if family == "mp3":
            # Only a Xing/LAME header states a length; it also carries the encoder's delay, which shows as start time.
            return bool(self._stream.start_time)
        # Matroska states the length of the whole, not of its audio.
        alone = len(self._container.streams) == 1 or self._stream.duration is not None
        return family in STATES_LENGTH and alone


class _ToFloat:
    """Decoded frames of any sample format, packed or planar, to packed float in full scale 1.0.

    FFmpeg converts, for it knows all its sample formats; it is set up anew when the format changes midway. (PyAV's own
    ``to_ndarray`` reads past the end of planar frames of more than eight channels.)
    """

    def __init__(self) -> None:
        self._format: tuple[str, str, int] | None = None
        self._converter = av.AudioResampler(format="flt")

    def __call__(self, frame: DecodedFrame) -> list[Packed]:
        format_ = (frame.format.name, frame.layout.name, frame.sample_rate)
        if format_ != self._format:
            self._format = format_
            self._converter = av.AudioResampler(format="flt")
        return [
            cast(Packed, converted.to_ndarray()).reshape(-1, converted.layout.nb_channels)
            for converted in self._converter.resample(frame)
        ]


class _Clock:
    """Finds holes in the time stamps of a recording (packets lost, a recorder that skips silence)."""

    def __init__(self) -> None:
        self._expected_s: float | None = None

    def missing(self, frame: DecodedFrame) -> Iterator[int]:
        """Counts of silent samples, at most :data:`FILL_S` each, to put before ``frame``."""
        if frame.time is None:
            return
        gap_s = 0.0 if self._expected_s is None else frame.time - self._expected_s
        if self._expected_s is None or gap_s > MAX_GAP_S:
            self._expected_s = frame.time
        elif gap_s > MIN_GAP_S:
            left = round(gap_s * frame.sample_rate)
            self._expected_s += left / frame.sample_rate
            while left > 0:
                count = min(left, round(FILL_S * frame.sample_rate))
                left -= count
                yield count

    def passed(self, frame: DecodedFrame) -> None:
        if self._expected_s is not None:
            self._expected_s += frame.samples / frame.sample_rate


def _open(source: str | Reader, name: str, raw: RawFormat | None) -> InputContainer:
    options = {"protocol_whitelist": "file"}  # a playlist in disguise fetches nothing
    if raw is not None:
        options |= {"sample_rate": str(raw.rate_hz), "ch_layout": f"{raw.channels}C"}
    try:
        container: InputContainer = av.open(
            source,
            "r",
            format=raw.encoding if raw else None,
            container_options=options,
            **TAGS,
        )
    except (av.FFmpegError, OSError) as error:
        raise AudioUnreadable(
            f"{name}: is not audio in a format known here.",
            "Play it with another program to check it, or convert it to WAV.",
        ) from error
    if raw is None and HEADERLESS.match(container.format.name):
        container.close()
        raise AudioUnreadable(f"{name}: is PCM without a header.", "State its format, for example --raw mulaw:8000:1.")
    return container


def _audio_track(container: InputContainer, name: str) -> AudioStream:
    """The first audio track, set to decode on one thread (calls are spread over cores, not one call)."""
    if not container.streams.audio:
        raise AudioUnreadable(f"{name}: has no audio track.", "Give a recording, or a video with sound.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioUnreadable(f"{name}: its codec cannot be decoded here.", "Convert it to WAV.")
    stream.codec_context.thread_count = 1
    return stream
