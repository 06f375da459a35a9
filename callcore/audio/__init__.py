"""Audio in: decoding, resampling, channel layout, faults."""

from callcore.audio.decode import AudioSource, content_sha256, open_audio
from callcore.audio.faults import FaultDetector
from callcore.audio.frames import Block, frames
from callcore.audio.layout import Layout, probe_layout
from callcore.audio.raw import RawFormat

__all__ = [
    "AudioSource",
    "Block",
    "FaultDetector",
    "Layout",
    "RawFormat",
    "content_sha256",
    "frames",
    "open_audio",
    "probe_layout",
]
