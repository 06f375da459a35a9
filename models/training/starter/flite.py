"""Speech from flite through its C library, with the time of every word and phoneme.

The library is one per process. See flite's ``flite.h`` and ``cst_hrg.h``. It writes "udb failed to find entry" to the
standard error for a pair of phonemes that kal16 was never recorded with, and says something near.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAUSE = "pau"
# The library keeps the addresses of features' names, not their letters: these must never be freed.
_PACE, _PITCH, _RANGE = b"duration_stretch", b"int_f0_target_mean", b"int_f0_target_stddev"
_TOKEN_OF_SEGMENT = b"R:SylStructure.parent.parent.R:Token.parent"


class _Voice(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))  # and more that is not looked at


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p), ("rate", ctypes.c_int), ("count", ctypes.c_int), ("channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )  # fmt: skip


_POINTER, _TEXT = ctypes.c_void_p, ctypes.c_char_p
_FUNCTIONS = {
    "flite_synth_text": (_POINTER, _TEXT, ctypes.POINTER(_Voice)),
    "flite_feat_set_float": (None, _POINTER, _TEXT, ctypes.c_float),
    "utt_wave": (ctypes.POINTER(_Wave), _POINTER),
    "utt_relation": (_POINTER, _POINTER, _TEXT),
    "relation_head": (_POINTER, _POINTER),
    "item_next": (_POINTER, _POINTER),
    "flite_path_to_item": (_POINTER, _POINTER, _TEXT),
    "flite_ffeature_string": (_TEXT, _POINTER, _TEXT),
    "flite_ffeature_float": (ctypes.c_float, _POINTER, _TEXT),
    "delete_utterance": (None, _POINTER),
}  #: what each returns, and what it takes


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said: ``pace`` times as long as usual, mean and deviation of the pitch in Hz.

    The voice rms keeps the pitch it has learnt.
    """

    voice: str
    pace: float
    pitch: float
    range: float


@dataclass(frozen=True, slots=True)
class Said:
    """Audio, float32 within ±1 at ``rate_hz``; first and last sample of each word, None of one that makes no sound.

    Words are what stands between spaces in the text. ``phonemes``: name, first and last sample of each, pauses
    (:data:`PAUSE`) included.
    """

    audio: npt.NDArray[np.float32]
    rate_hz: int
    words: list[tuple[int, int] | None]
    phonemes: list[tuple[str, int, int]]


class Flite:
    """The synthesiser. Raises OSError where libflite is not installed (Debian: ``libflite1``)."""

    def __init__(self) -> None:
        self._library = _load("flite")
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._library.flite_init()
        self._voices: dict[str, ctypes._Pointer[_Voice]] = {}

    def say(self, text: str, manner: Manner) -> Said:
        """Speech of ``text``. Raises OSError on a voice that is not installed, ValueError where nothing was said."""
        voice = self._voice(manner.voice)
        for name, value in ((_PACE, manner.pace), (_PITCH, manner.pitch), (_RANGE, manner.range)):
            self._library.flite_feat_set_float(voice.contents.features, name, value)
        utterance = self._library.flite_synth_text(text.encode(), voice)
        if not utterance:
            raise ValueError("flite said nothing")
        try:
            return self._said(utterance)
        finally:
            self._library.delete_utterance(utterance)

    def _voice(self, name: str) -> ctypes._Pointer[_Voice]:
        if name not in self._voices:
            register = getattr(_load(f"flite_cmu_us_{name}"), f"register_cmu_us_{name}")
            register.restype, register.argtypes = ctypes.POINTER(_Voice), [_TEXT]
            self._voices[name] = register(None)
        return self._voices[name]

    def _said(self, utterance: int) -> Said:
        library, wave = self._library, self._library.utt_wave(utterance).contents
        samples = np.ctypeslib.as_array(wave.samples, (wave.count,)).astype(np.float32) / np.float32(32768)
        words: dict[int, tuple[int, int] | None] = dict.fromkeys(self._items(utterance, b"Token"))
        phonemes: list[tuple[str, int, int]] = []
        start = 0
        for segment in self._items(utterance, b"Segment"):
            end = min(round(library.flite_ffeature_float(segment, b"end") * wave.rate), wave.count)
            phonemes.append((library.flite_ffeature_string(segment, b"name").decode(), start, end))
            word = library.flite_path_to_item(segment, _TOKEN_OF_SEGMENT)
            if word:
                words[word] = ((words[word] or (start, end))[0], end)
            start = end
        return Said(samples, wave.rate, list(words.values()), phonemes)

    def _items(self, utterance: int, relation: bytes) -> Iterator[int]:
        item = self._library.relation_head(self._library.utt_relation(utterance, relation))
        while item:
            yield item
            item = self._library.item_next(item)


def _load(name: str) -> ctypes.CDLL:
    return ctypes.CDLL(find_library(name) or f"lib{name}.so.1")
