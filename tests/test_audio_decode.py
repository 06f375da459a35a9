"""Every format comes out at 16 kHz with its tones, levels and length; what is broken says so."""

from __future__ import annotations

import hashlib
import io
import itertools
import math
import os
import struct
import sys
import threading
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import audio_tools as tools
import av
import numpy as np
import pytest
import soxr

from callcore.audio import RawFormat, content_sha256, decode, open_audio
from callcore.errors import AudioEmpty, AudioNotFound, AudioUnreadable
from callcore.types import WarningKind

# extension, codec, rate, channels, milliseconds that the codec may add or drop, dB that it may be off
FORMATS = [
    ("wav", "pcm_u8", 8000, 1, 0, 0.2),
    ("wav", "pcm_s16le", 8000, 2, 0, 0.05),
    ("wav", "pcm_s16le", 11025, 1, 1, 0.05),
    ("wav", "pcm_s16le", 22050, 2, 1, 0.05),
    ("wav", "pcm_s16le", 44100, 4, 1, 0.05),
    ("wav", "pcm_s16le", 48000, 12, 0, 0.05),
    ("wav", "pcm_s24le", 48000, 1, 0, 0.05),
    ("wav", "pcm_s32le", 16000, 2, 0, 0.05),
    ("wav", "pcm_f32le", 16000, 4, 0, 0.05),
    ("wav", "pcm_f64le", 8000, 1, 0, 0.05),
    ("wav", "pcm_mulaw", 8000, 2, 0, 0.2),
    ("wav", "pcm_alaw", 8000, 1, 0, 0.2),
    ("wav", "g722", 16000, 1, 0, 0.5),
    ("wav", "adpcm_ima_wav", 8000, 2, 260, 0.5),
    ("aiff", "pcm_s16be", 44100, 2, 1, 0.05),
    ("au", "pcm_mulaw", 8000, 1, 0, 0.2),
    ("flac", "flac", 8000, 2, 0, 0.05),
    ("flac", "flac", 16000, 4, 0, 0.05),
    ("mp3", "libmp3lame", 8000, 1, 90, 1.0),
    ("mp3", "libmp3lame", 44100, 2, 30, 1.0),
    ("m4a", "aac", 16000, 1, 70, 1.0),
    ("mp4", "aac", 44100, 2, 30, 1.0),
    ("ogg", "libopus", 48000, 2, 10, 1.0),
    ("webm", "libopus", 48000, 1, 10, 1.0),
    ("mka", "libopus", 48000, 10, 10, 1.0),
    ("mkv", "flac", 16000, 2, 0, 0.05),
    ("amr", "libopencore_amrnb", 8000, 1, 80, 2.0),
]


def whole(source, raw=None) -> np.ndarray:
    """All samples, shape (channels, n)."""
    with open_audio(source, raw) as audio:
        return np.concatenate(list(audio.blocks()), axis=1)


def assert_tones(samples: np.ndarray, off_db: float) -> None:
    for channel, row in enumerate(samples):
        middle = row[1600:-1600]
        assert tools.heard_hz(middle) == pytest.approx(tools.tone_hz(channel), abs=2)
        assert tools.level_db(middle) == pytest.approx(20 * math.log10(tools.LEVEL) - 3.01, abs=off_db)


@pytest.mark.parametrize(("extension", "codec", "rate_hz", "channels", "off_ms", "off_db"), FORMATS)
def test_a_format_keeps_its_channels_tones_levels_and_length(
    tmp_path, extension, codec, rate_hz, channels, off_ms, off_db
):
    path = tmp_path / f"tones.{extension}"
    many = {"mapping_family": "255"} if codec == "libopus" and channels > 8 else None
    tools.write(path, tools.tones(rate_hz, channels, 2.0), rate_hz, codec, codec_options=many)
    with open_audio(path) as audio:
        assert (audio.rate_hz, audio.channel_count) == (rate_hz, channels)
        assert audio.duration_s == pytest.approx(2.0, abs=off_ms / 1000 + 0.1)
        blocks = list(audio.blocks())
        assert not audio.warnings()
    assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)
    samples = np.concatenate(blocks, axis=1)
    assert samples.shape[1] / 16_000 == pytest.approx(2.0, abs=off_ms / 1000 + 1e-4)
    assert_tones(samples, off_db)


def test_gsm_in_wav_and_bare_is_decoded(tmp_path):
    # FFmpeg has no GSM encoder: the frames are made of bits that mean something to any decoder, and only the length of
    # what comes out is known beforehand (33 or 65 bytes are 160 or 320 samples).
    generator = np.random.default_rng(1)
    bare = b"".join(bytes([0xD0 | int(generator.integers(16))]) + generator.bytes(32) for _ in range(100))
    (tmp_path / "call.gsm").write_bytes(bare)
    assert whole(tmp_path / "call.gsm").shape == (1, 32_000)
    samples_per_block = (320).to_bytes(2, "little")
    tools.write_wav_header(tmp_path / "call.wav", 0x31, 1, 8000, 65, 0, generator.bytes(65 * 50), samples_per_block)
    with open_audio(tmp_path / "call.wav") as audio:
        assert (audio.codec, audio.rate_hz) == ("gsm_ms", 8000)
        assert sum(block.shape[1] for block in audio.blocks()) == 32_000


@pytest.mark.parametrize("encoding", ["s16le", "mulaw", "alaw", "f32le"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("piped", [False, True])
def test_raw_pcm_is_read_as_stated(tmp_path, encoding, channels, piped):
    path = tmp_path / "call.raw"
    tools.write(path, tools.tones(8000, channels, 2.0), 8000, f"pcm_{encoding}", container=encoding)
    source = tools.Pipe(path.read_bytes()) if piped else path
    samples = whole(source, RawFormat(encoding, 8000, channels))
    assert samples.shape == (channels, 32_000)
    assert_tones(samples, 0.2)


def test_standard_input_is_a_source(monkeypatch, tmp_path):
    tools.write(tmp_path / "a.raw", tools.tones(8000, 2, 1.0), 8000, "pcm_mulaw", container="mulaw")
    pipe = tools.Pipe((tmp_path / "a.raw").read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe, isatty=lambda: False))
    assert whole("-", RawFormat.parse("mulaw:8000:2")).shape == (2, 16_000)


def test_a_terminal_as_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(AudioEmpty, match="nothing is piped"):
        open_audio(Path("-"))


def test_containers_come_through_a_pipe(tmp_path):
    for extension, codec in (("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus")):
        path = tmp_path / f"a.{extension}"
        tools.write(path, tools.tones(48_000, 2, 1.0), 48_000, codec)
        assert_tones(whole(tools.Pipe(path.read_bytes())), 1.0)
        assert_tones(whole(io.BytesIO(path.read_bytes())), 1.0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_read_once(tmp_path):
    tools.write(tmp_path / "a.wav", tools.tones(8000, 1, 1.0), 8000, "pcm_s16le")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes((tmp_path / "a.wav").read_bytes()))
    writer.start()
    assert whole(fifo).shape == (1, 16_000)
    writer.join()


def test_the_sound_of_a_video_is_used(tmp_path):
    path = tmp_path / "meeting.mp4"
    _video(path, sound=tools.tones(48_000, 1, 1.0))
    samples = whole(path)
    assert_tones(samples, 1.0)


@pytest.mark.parametrize("name", ["12:30.wav", "电话 录音.wav", "http:x.wav", "%d.wav"])
def test_any_file_name_is_only_a_name(tmp_path, name):
    tools.write(tmp_path / "plain.wav", tools.tones(8000, 1, 0.5), 8000, "pcm_s16le")
    (tmp_path / "plain.wav").rename(tmp_path / name)
    assert whole(tmp_path / name).shape == (1, 8000)


# -- streaming -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 44_100])
def test_streaming_equals_resampling_the_whole(tmp_path, rate_hz, monkeypatch):
    path = tmp_path / "a.wav"
    signal = tools.tones(rate_hz, 2, 5.3) + 0.1 * np.random.default_rng(0).standard_normal((2, round(rate_hz * 5.3)))
    tools.write_float_wav(path, signal, rate_hz)
    expected = soxr.resample(signal.T.astype(np.float32), rate_hz, 16_000).T
    results = []
    for block_s in (0.01, 1.0, 100.0):
        monkeypatch.setattr(decode, "BLOCK_S", block_s)
        results.append(whole(path))
    for result in results:
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_a_tenth_of_a_second_is_kept_whole(tmp_path):
    tools.write(tmp_path / "a.wav", tools.tones(8000, 1, 0.1), 8000, "pcm_s16le")
    assert whole(tmp_path / "a.wav").shape == (1, 1600)


def test_memory_does_not_grow_with_length():
    second = (tools.tones(8000, 2, 1.0).T * 32_000).astype("<i2").tobytes()
    with open_audio(tools.Pipe(itertools.repeat(second, 1800)), RawFormat("s16le", 8000, 2)) as audio:
        tracemalloc.start()
        try:
            total = sum(block.shape[1] for block in audio.blocks())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert total == 1800 * 16_000
    assert peak < 8_000_000  # half an hour as float32 would be 230 MB


def test_blocks_can_be_taken_once(fixture_call):
    with open_audio(fixture_call) as audio:
        next(audio.blocks())
        with pytest.raises(RuntimeError, match="once"):
            audio.blocks()


def test_a_change_of_rate_and_channels_midway_is_followed(tmp_path):
    parts = []
    for rate_hz, channels in ((16_000, 2), (24_000, 1), (16_000, 2)):
        part = io.BytesIO()
        tools.write(
            part,
            tools.tones(rate_hz, channels, 2.0),
            rate_hz,
            "libmp3lame",
            container="mp3",
            container_options={"write_xing": "0", "id3v2_version": "0"},
        )
        parts.append(part.getvalue())
    (tmp_path / "joined.mp3").write_bytes(b"".join(parts))
    samples = whole(tmp_path / "joined.mp3")
    assert samples.shape[0] == 2
    assert samples.shape[1] / 16_000 == pytest.approx(6.0, abs=0.4)  # each part carries the encoder's padding
    middle = samples[:, 16_000 * 3 - 8000 : 16_000 * 3 + 8000]
    assert [tools.heard_hz(row) for row in middle] == pytest.approx([tools.tone_hz(0)] * 2, abs=5)
    assert tools.heard_hz(samples[1, -20_000:-4000]) == pytest.approx(tools.tone_hz(1), abs=5)


def test_a_hole_in_the_time_stamps_becomes_silence_and_a_warning(tmp_path):
    path = tmp_path / "holes.mkv"
    tools.write(path, tools.tones(16_000, 1, 4.0), 16_000, "pcm_s16le", jumps_s={32: 2.5})
    with open_audio(path) as audio:
        samples = np.concatenate(list(audio.blocks()), axis=1)
        warnings = audio.warnings()
    assert samples.shape[1] == pytest.approx(6.5 * 16_000, abs=64)
    assert not samples[0, 16_000 * 2 + 400 : 16_000 * 4].any()
    assert [warning.kind for warning in warnings] == [WarningKind.GAP]
    assert warnings[0].detail["gap_s"] == pytest.approx(2.5, abs=0.01)


def test_an_absurd_jump_of_the_clock_is_no_silence(tmp_path):
    path = tmp_path / "clock.mkv"
    tools.write(path, tools.tones(16_000, 1, 2.0), 16_000, "pcm_s16le", jumps_s={10: 100_000.0})
    assert whole(path).shape == (1, 32_000)


# -- bad input -----------------------------------------------------------------------------------------------------


def test_missing_file():
    with pytest.raises(AudioNotFound, match="no such file"):
        open_audio(Path("nowhere/call.wav"))


def test_folder(tmp_path):
    with pytest.raises(AudioUnreadable, match="is a folder"):
        open_audio(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "a.wav"
    tools.write(path, tools.tones(8000, 1, 0.5), 8000, "pcm_s16le")
    path.chmod(0)
    with pytest.raises(AudioUnreadable, match="no permission"):
        open_audio(path)


def test_a_refused_file_says_so_even_to_root(monkeypatch, tmp_path):
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioUnreadable, match="no permission"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["empty.wav", "empty.mp3"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(AudioEmpty, match="0 bytes"):
        open_audio(tmp_path / name)


def test_empty_pipe():
    with pytest.raises(AudioEmpty, match="0 bytes"):
        open_audio(tools.Pipe(b""))
    with pytest.raises(AudioEmpty, match="0 bytes"):
        open_audio(tools.Pipe(b""), RawFormat("s16le", 8000))


def test_no_samples(tmp_path):
    tools.write_wav_header(tmp_path / "a.wav", 1, 1, 8000, 2, 16, b"")
    with pytest.raises(AudioEmpty, match="no samples"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["notes.wav", "notes.txt", "notes.mp3", "notes.flac"])
def test_text_is_no_audio(tmp_path, name):
    (tmp_path / name).write_text("Call the customer back on Tuesday.\n" * 200, encoding="utf-8")
    with pytest.raises(AudioUnreadable) as caught:
        open_audio(tmp_path / name)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_an_absurd_number_of_channels_is_a_damaged_header(tmp_path):
    tools.write_wav_header(tmp_path / "a.wav", 1, 200, 8000, 400, 16, bytes(40_000))
    with pytest.raises(AudioUnreadable, match="nothing in it can be decoded"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["random.wav", "random.m4a", "random.ogg", "random.bin"])
def test_random_bytes_are_no_audio(tmp_path, name):
    (tmp_path / name).write_bytes(np.random.default_rng(5).bytes(20_000))
    with pytest.raises(AudioUnreadable):
        open_audio(tmp_path / name)


def test_video_without_sound(tmp_path):
    _video(tmp_path / "silent.mp4", sound=None)
    with pytest.raises(AudioUnreadable, match="no audio track"):
        open_audio(tmp_path / "silent.mp4")


def test_headerless_pcm_is_not_guessed(tmp_path):
    path = tmp_path / "call.ul"
    tools.write(path, tools.tones(8000, 1, 1.0), 8000, "pcm_mulaw", container="mulaw")
    with pytest.raises(AudioUnreadable, match="without a header") as caught:
        open_audio(path)
    assert "--raw" in caught.value.hint
    assert whole(path, RawFormat("mulaw", 8000)).shape == (1, 16_000)


def test_an_mp4_that_needs_winding_back_says_so(tmp_path):
    tools.write(tmp_path / "a.m4a", tools.noise(30.0, 0.1, seed=1), 16_000, "aac")  # longer than the reading buffer
    with pytest.raises(AudioUnreadable) as caught:
        open_audio(tools.Pipe((tmp_path / "a.m4a").read_bytes()))
    assert "wound back" in caught.value.hint


def test_a_playlist_in_disguise_fetches_nothing(tmp_path):
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "call.mp3").write_text(playlist)
    with pytest.raises(AudioUnreadable):
        open_audio(tmp_path / "call.mp3")


CUTS = [
    ("wav", "pcm_s16le", 8000, None),
    ("wav", "pcm_mulaw", 8000, None),
    ("wav", "pcm_f32le", 16_000, None),
    ("mp3", "libmp3lame", 16_000, None),
    ("flac", "flac", 16_000, None),
    ("m4a", "aac", 16_000, {"movflags": "faststart"}),
    ("webm", "libopus", 48_000, None),
    ("amr", "libopencore_amrnb", 8000, None),
]


@pytest.mark.parametrize(("extension", "codec", "rate_hz", "options"), CUTS)
def test_a_cut_file_gives_what_is_there_and_a_warning(tmp_path, extension, codec, rate_hz, options):
    path = tmp_path / f"a.{extension}"
    tools.write(path, tools.tones(rate_hz, 1, 10.0), rate_hz, codec, container_options=options)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10 + 1])
    with open_audio(path) as audio:
        read_s = sum(block.shape[1] for block in audio.blocks()) / 16_000
        assert audio.truncated
        (warning,) = audio.warnings()
    assert 4.0 < read_s < 6.5
    assert warning.kind is WarningKind.TRUNCATED
    assert warning.detail["read_s"] == pytest.approx(read_s, abs=0.01)
    assert warning.at_sample == pytest.approx(read_s * 16_000, abs=160)


def test_a_cut_pipe_is_noticed(tmp_path):
    tools.write(tmp_path / "a.wav", tools.tones(8000, 1, 2.0), 8000, "pcm_s16le")
    data = (tmp_path / "a.wav").read_bytes()
    for cut, expected in ((len(data), False), (len(data) // 2, True)):
        with open_audio(tools.Pipe(data[:cut])) as audio:
            list(audio.blocks())
            assert audio.truncated is expected


def test_a_wav_of_unknown_length_is_whole(tmp_path):
    path = tmp_path / "streamed.wav"
    tools.write(path, tools.tones(8000, 1, 2.0), 8000, "pcm_s16le")
    data = path.read_bytes()
    at = data.index(b"data") + 4
    for size in (0, 0xFFFF_FFFF, 0x7FFF_FFFF):
        path.write_bytes(data[:at] + size.to_bytes(4, "little") + data[at + 4 :])
        with open_audio(path) as audio:
            assert sum(block.shape[1] for block in audio.blocks()) == 32_000
            assert not audio.truncated


def test_damage_in_the_middle_costs_only_the_damaged_part(tmp_path):
    path = tmp_path / "a.flac"
    signal = tools.tones(16_000, 1, 20.0) + tools.noise(20.0, 0.05, seed=3)
    tools.write(path, signal, 16_000, "flac")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with open_audio(path) as audio:
        samples = np.concatenate(list(audio.blocks()), axis=1)
        warnings = audio.warnings()
    assert samples.shape[1] == pytest.approx(20 * 16_000, abs=16_000)
    np.testing.assert_allclose(samples[0, -16_000:], signal[0, -16_000:], atol=1e-3)  # and times after it stay right
    assert {warning.kind for warning in warnings} & {WarningKind.TRUNCATED, WarningKind.GAP}


def test_samples_that_are_no_numbers_become_silence_and_are_counted(tmp_path):
    samples = tools.tones(8000, 2, 2.0)
    samples[0, 100:110] = np.nan
    samples[1, 5000] = np.inf
    samples[1, 5001] = -np.inf
    samples[1, 9000] = 1e30
    tools.write_float_wav(tmp_path / "a.wav", samples, 8000)
    with open_audio(tmp_path / "a.wav") as audio:
        heard = np.concatenate(list(audio.blocks()), axis=1)
        (warning,) = audio.warnings()
    assert audio.not_finite == 13
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 1
    assert (warning.kind, warning.detail["samples"]) == (WarningKind.NOT_FINITE, 13)


def test_nothing_is_printed_whatever_comes(tmp_path, capfd):
    path = tmp_path / "a.mp3"
    tools.write(path, tools.tones(16_000, 1, 3.0), 16_000, "libmp3lame")
    data = bytearray(path.read_bytes())
    data[4000:6000] = np.random.default_rng(2).bytes(2000)
    path.write_bytes(data[:9000])
    capfd.readouterr()
    whole(path)
    (tmp_path / "b.wav").write_text("no audio")
    with pytest.raises(AudioUnreadable):
        open_audio(tmp_path / "b.wav")
    assert capfd.readouterr() == ("", "")


def test_a_stream_passed_in_stays_open(fixture_call):
    with fixture_call.open("rb") as file:
        with open_audio(file) as audio:
            next(audio.blocks())
        assert not file.closed


def test_tags_in_a_national_encoding_do_not_matter(tmp_path):
    """Recorders write station names in GBK, which is no UTF-8."""
    tag = "客服".encode("gbk")
    information = b"INFOINAM" + struct.pack("<I", len(tag)) + tag
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
    chunks += b"LIST" + struct.pack("<I", len(information)) + information
    chunks += b"data" + struct.pack("<I", 16_000) + bytes(16_000)
    path = tmp_path / "tagged.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    with open_audio(path) as source:
        assert sum(block.shape[1] for block in source.blocks()) == 16_000


# -- hash, real files ----------------------------------------------------------------------------------------------


def test_content_hash(tmp_path, fixture_call):
    assert content_sha256(fixture_call) == hashlib.sha256(fixture_call.read_bytes()).hexdigest()
    with pytest.raises(AudioNotFound):
        content_sha256(tmp_path / "missing.wav")
    with pytest.raises(AudioUnreadable):
        content_sha256(tmp_path)


def test_the_bundled_call(fixture_call):
    with open_audio(fixture_call) as audio:
        assert (audio.rate_hz, audio.channel_count, audio.codec) == (8000, 2, "pcm_s16le")
        total = sum(block.shape[1] for block in audio.blocks())
        assert total / 16_000 == pytest.approx(audio.duration_s, abs=1e-3)
        assert not audio.warnings()


@pytest.mark.shared_data
def test_every_real_file_decodes_to_its_length_without_a_fault(shared_data):
    files = sorted(path for path in shared_data.rglob("*") if path.suffix in {".flac", ".wav"})
    words = sorted(shared_data.rglob("*.mp3"))  # ten thousand single words of one recorder: some of them will do
    assert files
    for path in files + words[::25]:
        with open_audio(path) as audio:
            total_s = sum(block.shape[1] for block in audio.blocks()) / 16_000
            assert not audio.warnings(), path
            assert total_s > 0.05, path
            if path.suffix != ".mp3":
                assert total_s == pytest.approx(audio.duration_s, abs=0.01), path


def _video(path: Path, sound: np.ndarray | None) -> None:
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        voice = None if sound is None else out.add_stream("aac", rate=48_000, layout="mono")
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            for packet in picture.encode(frame):
                out.mux(packet)
        for packet in picture.encode(None):
            out.mux(packet)
        if voice is not None:
            for packet in tools.packets(voice, sound, 48_000, "mono"):
                out.mux(packet)
