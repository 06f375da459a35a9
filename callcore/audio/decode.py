"""Anything FFmpeg reads, as a stream of 16 kHz blocks.

Decoding and the conversion to float are FFmpeg's, the change of rate is soxr's; both keep their state from block to
block, so a call of ten hours needs no more memory than one of ten seconds.
"""

from __future__ import annotations

import hashlib
import stat
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from callcore.audio.frames import Block
from callcore.audio.media import HEAD_BYTES, Media, Packed, Piece, Reader
from callcore.audio.raw import RawFormat
from callcore.audio.resample import Resampler
from callcore.audio.riff import missing_bytes
from callcore.errors import AudioEmpty, AudioError, AudioNotFound, AudioUnreadable
from callcore.types import SAMPLE_RATE_HZ, AudioWarning, WarningKind

BLOCK_S = 1.0  #: length of the blocks handed on: long enough that the cost per block vanishes, small in memory
SHORTFALL_S = 0.25  #: a file this much shorter than its header says was cut; codec padding and rounding stay below it
MAX_LEVEL = 1e6  #: a float sample beyond this (120 dB over full scale) is garbage like NaN, and would become one


def open_audio(source: Path | str | BinaryIO, raw: RawFormat | None = None) -> AudioSource:
    """Open a file, ``-`` for standard input, or a binary stream; ``raw`` states the format of headerless PCM.

    The first samples are decoded at once, so a source that cannot be used says so here. A stream that was passed in is
    not closed.

    Raises :class:`~callcore.errors.AudioNotFound`, :class:`~callcore.errors.AudioUnreadable` (not audio, a folder, no
    permission, no audio track, headerless and no ``raw``) or :class:`~callcore.errors.AudioEmpty`.
    """
    if isinstance(source, str | Path):
        return _open_stdin(raw) if str(source) == "-" else _open_path(Path(source), raw)
    return _open_stream(Reader(source, str(getattr(source, "name", "stream")), owned=False), raw)


def content_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes: what tells a call already done from a new one.

    Raises :class:`~callcore.errors.AudioNotFound` or :class:`~callcore.errors.AudioUnreadable`.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _file_error(path, error) from error


class AudioSource:
    """An opened recording, read once from its start. A context manager: leaving it closes what was opened.

    The figures about faults (``not_finite``, ``damaged_packets``, ``gap_s``, ``truncated``) are complete once
    :meth:`blocks` has ended.
    """

    def __init__(self, media: Media, name: str, missing: Callable[[], int], close: Callable[[], None]) -> None:
        """``missing`` tells bytes promised and not there; ``close`` is called when the source is closed.

        Raises :class:`~callcore.errors.AudioEmpty` or :class:`~callcore.errors.AudioUnreadable` when nothing can be
        decoded; ``media`` is closed then.
        """
        self._media = media
        self._missing = missing
        self._close = close
        self._started = False
        self._sample_count = 0  # at the source's rate
        self._pieces = media.pieces()
        first = next(self._pieces, None)
        if first is None:
            media.close()
            raise _nothing_decoded(media, name)
        self._first = first
        self.name = name  #: path or name of the stream, for messages
        self.rate_hz = first[1]  #: of the source
        self.channel_count: int = first[0].shape[1]
        self.codec = media.codec  #: FFmpeg's name of the codec
        self.format = media.format  #: FFmpeg's name of the container
        self.track_count = media.track_count  #: audio tracks there are; the first is read
        self.duration_s = media.duration_s  #: as stated or estimated; None when unknown
        self.not_finite = 0  #: samples that were NaN, infinite or absurd, replaced by 0
        self.truncated = False  #: the file ends before its header says, or breaks; what could be read was delivered

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the container and the file that was opened for it."""
        self._pieces.close()
        self._media.close()
        self._close()

    @property
    def damaged_packets(self) -> int:
        """Stretches the decoder refused and left out."""
        return self._media.damaged_packets

    @property
    def gap_s(self) -> float:
        """Silence put where the time stamps leave holes."""
        return self._media.gap_s

    def blocks(self) -> Iterator[Block]:
        """The audio from its start: shape (channels, n), float32, full scale 1.0, at 16 kHz, about a second a block.

        Can be taken once (``RuntimeError`` after that). A source that breaks midway ends early and sets
        :attr:`truncated`.
        """
        if self._started:
            raise RuntimeError(f"{self.name}: blocks() reads the source once; open it again for another pass")
        self._started = True
        return self._read()

    def warnings(self) -> list[AudioWarning]:
        """What decoding found, as events; complete once :meth:`blocks` has ended."""
        found = []
        if self.not_finite:
            message = f"{self.not_finite} samples are no numbers and were taken for silence; check what wrote the file"
            detail = {"samples": float(self.not_finite)}
            found.append(AudioWarning(WarningKind.NOT_FINITE, message, detail=detail))
        if self.gap_s:
            message = (
                f"{self.gap_s:.1f} s are missing in the recording and were filled with silence to keep times right"
            )
            found.append(AudioWarning(WarningKind.GAP, message, detail={"gap_s": round(self.gap_s, 3)}))
        if self.truncated:
            read_s = self._sample_count / self.rate_hz
            stated = f" of {self.duration_s:.1f} s" if self.duration_s and self.duration_s > read_s else ""
            message = f"the file is cut short or damaged; {read_s:.1f} s{stated} could be read"
            detail = {"read_s": round(read_s, 3), "damaged_packets": float(self.damaged_packets)}
            end = round(read_s * SAMPLE_RATE_HZ)
            found.append(AudioWarning(WarningKind.TRUNCATED, message, at_sample=end, detail=detail))
        return found

    def _read(self) -> Iterator[Block]:
        resampler = Resampler(self.rate_hz, self.channel_count)
        for packed, rate_hz in self._gathered():
            if rate_hz != resampler.rate_hz:
                yield from _block(resampler.finish())
                resampler = Resampler(rate_hz, self.channel_count)
            yield from _block(resampler.push(packed))
        yield from _block(resampler.finish())
        self.truncated = self._media.broke or self.damaged_packets > 0 or self._is_short()

    def _gathered(self) -> Iterator[Piece]:
        """Pieces of one rate joined to blocks, with the channels of the first piece and finite samples."""
        waiting: list[Packed] = []
        count, rate_hz = 0, self.rate_hz
        for packed, piece_rate_hz in self._all_pieces():
            if waiting and (piece_rate_hz != rate_hz or count >= BLOCK_S * rate_hz):
                yield self._finite(np.concatenate(waiting)), rate_hz
                waiting, count = [], 0
            rate_hz = piece_rate_hz
            waiting.append(_fit_channels(packed, self.channel_count))
            count += len(packed)
            self._sample_count += round(len(packed) * self.rate_hz / rate_hz)
        if waiting:
            yield self._finite(np.concatenate(waiting)), rate_hz

    def _all_pieces(self) -> Iterator[Piece]:
        yield self._first
        yield from self._pieces

    def _finite(self, packed: Packed) -> Packed:
        # NaN spreads to the largest magnitude and infinity is it: one look for the usual, good block.
        level = np.abs(packed)
        if level.max() < MAX_LEVEL:
            return packed
        good = level < MAX_LEVEL
        self.not_finite += int(packed.size - np.count_nonzero(good))
        return np.where(good, packed, np.float32(0))

    def _is_short(self) -> bool:
        """Whether the audio ended before its header says."""
        if self._missing() > 0:
            return True
        shortfall_s = (self.duration_s or 0.0) - self._sample_count / self.rate_hz
        return shortfall_s > SHORTFALL_S and self._media.states_length()


def _block(packed: Packed) -> Iterator[Block]:
    if len(packed):
        yield np.ascontiguousarray(packed.T)


def _fit_channels(packed: Packed, channel_count: int) -> Packed:
    """The channels a call began with: a change midway to mono is heard on all, surplus channels are left out."""
    have = packed.shape[1]
    if have == channel_count:
        return packed
    if have == 1:
        return np.repeat(packed, channel_count, axis=1)
    fitted = np.zeros((packed.shape[0], channel_count), dtype=np.float32)
    fitted[:, : min(have, channel_count)] = packed[:, :channel_count]
    return fitted


def _open_path(path: Path, raw: RawFormat | None) -> AudioSource:
    try:
        file = path.open("rb")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a named pipe or a device
            return _open_stream(Reader(file, str(path), owned=True), raw)
        with file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise _file_error(path, error) from error
    if not head:
        raise AudioEmpty(f"{path}: is an empty file (0 bytes).", "Check that the recorder wrote the call.")
    # The prefix keeps FFmpeg from taking "12:30.wav" for an address.
    media = Media(f"file:{path}", str(path), raw)
    return AudioSource(media, str(path), partial(missing_bytes, head, status.st_size), lambda: None)


def _open_stdin(raw: RawFormat | None) -> AudioSource:
    if sys.stdin.isatty():
        raise AudioEmpty("nothing is piped into standard input.", "Pipe audio into the command, or name a file.")
    return _open_stream(Reader(sys.stdin.buffer, "standard input", owned=False), raw)


def _open_stream(reader: Reader, raw: RawFormat | None) -> AudioSource:
    try:
        return AudioSource(Media(reader, reader.name, raw), reader.name, reader.missing_bytes, reader.close)
    except AudioError as error:
        reader.close()
        if reader.bytes_read == 0:
            raise AudioEmpty(f"{reader.name}: nothing came (0 bytes).", "Check what writes into the pipe.") from error
        if isinstance(error, AudioUnreadable) and raw is None:
            error.hint += " Only a file can be wound back, as many m4a and mp4 need; PCM without a header needs --raw."
        raise


def _nothing_decoded(media: Media, name: str) -> AudioError:
    if media.broke or media.damaged_packets or not media.has_format():
        return AudioUnreadable(f"{name}: nothing in it can be decoded.", "It is damaged or no audio; get it again.")
    return AudioEmpty(f"{name}: has a header and no samples.", "Check that the recorder wrote the call.")


def _file_error(path: Path, error: OSError) -> AudioError:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return AudioNotFound(f"{path}: no such file.", "Check the name.")
        case PermissionError():
            return AudioUnreadable(f"{path}: no permission to read it.", "Ask its owner, or copy it.")
        case IsADirectoryError():
            return AudioUnreadable(f"{path}: is a folder.", "Name the files in it.")
        case _:
            return AudioUnreadable(f"{path}: cannot be read ({error.strerror}).", "Check the disk it lies on.")
