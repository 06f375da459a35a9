"""Speech from espeak-ng through its C library, with the time of every syllable, word or phoneme.

The library is one per process and keeps its voice between calls. See espeak-ng's ``speak_lib.h``.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 22_050
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8, _BY_CHARACTER = 2, 1, 1, 1
_RATE, _VOLUME, _PITCH, _RANGE, _GAP = 1, 2, 3, 4, 7
_WORD, _PHONEME, _END = 1, 7, 5


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("position", ctypes.c_int), ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", _Id),
    )  # fmt: skip


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said: words a minute, pitch and its range (0 to 99), a pause after words in 10 ms."""

    voice: str
    rate: int = 200
    pitch: int = 50
    range: int = 50
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """Audio, float32 within ±1 at :data:`RATE_HZ`, and (character position in the text, first sample) of each word.

    ``pauses``: samples at which a pause of the phrase begins. ``end``: where the speech ends. ``phonemes``: name, first
    and last sample of each; names that begin with "_" are pauses.
    """

    audio: npt.NDArray[np.float32]
    words: list[tuple[int, int]]
    pauses: list[int]
    end: int
    phonemes: list[tuple[str, int, int]]


class Espeak:
    """The synthesiser. Raises OSError where libespeak-ng is not installed (Debian: ``libespeak-ng1``)."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(find_library("espeak-ng") or "libespeak-ng.so.1")
        if self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS) != RATE_HZ:
            raise OSError("libespeak-ng could not be started; are its data files installed?")
        self._pieces: list[npt.NDArray[np.int16]] = []
        self._events: list[tuple[int, int, int, bytes]] = []
        self._callback = _Callback(self._take)  # must outlive the library's use of it
        self._library.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if samples and count:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type:
            event = events[index]
            mark = bytes(event.id.string) if event.type == _PHONEME else b""
            self._events.append((event.type, event.position, event.sample, mark))
            index += 1
        return 0

    def say(self, text: str, manner: Manner) -> Said:
        """Speech of ``text``. Raises ValueError on a voice that espeak-ng does not have, or where nothing was said."""
        if manner.voice != self._voice:
            if self._library.espeak_SetVoiceByName(manner.voice.encode()):
                raise ValueError(f"espeak-ng has no voice {manner.voice}")
            self._voice = manner.voice
        for parameter, value in (
            (_RATE, manner.rate),
            (_PITCH, manner.pitch),
            (_RANGE, manner.range),
            (_GAP, manner.gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._pieces.clear()
        self._events.clear()
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if not self._pieces:
            raise ValueError("espeak-ng said nothing")
        audio = np.concatenate(self._pieces).astype(np.float32) / 32768
        words = [(position - 1, sample) for kind, position, sample, _ in self._events if kind == _WORD]
        pauses = [sample for kind, _, sample, mark in self._events if kind == _PHONEME and mark.startswith(b"_:")]
        ends = [sample for kind, _, sample, _ in self._events if kind == _END]
        end = ends[-1] if ends else len(audio)
        begun = [(mark.split(b"\0")[0].decode(), at) for kind, _, at, mark in self._events if kind == _PHONEME]
        untils = [*(at for _, at in begun[1:]), end]
        phonemes = [(mark, at, until) for (mark, at), until in zip(begun, untils, strict=True)]
        return Said(audio, words, pauses, end, phonemes)
