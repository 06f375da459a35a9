"""Sealed originals: secrets of a call as strings that only the holder of a key can read.

Authenticated encryption by AES-SIV (RFC 5297), with the kind of the secret as associated data. It is deterministic on
purpose: the same number gives the same string in every call, so that calls of one customer are found without a key, and
the same audio gives the same events. What that tells without the key is which secrets of a kind are equal, and their
lengths.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from callcore.errors import SealError

KEY_BYTES = 64  #: AES-256-SIV takes two keys of 32 bytes
_FORM = "sealed:1"
_WITHHELD = "masked"
_HINT = "See docs/privacy.md, keys."


def new_key() -> str:
    """A fresh key as text (base64url), from the system's source of randomness."""
    return base64.urlsafe_b64encode(AESSIV.generate_key(KEY_BYTES * 8)).decode()


class Sealer:
    """Seals with the last of its keys and opens with any of them. Without keys it withholds."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """``keys``: as :func:`new_key` gives them, oldest first. Raises :class:`SealError` for one that is none."""
        self._ciphers: dict[str, AESSIV] = {}
        for number, key in enumerate(keys, 1):
            raw = _decoded(key)
            if raw is None or len(raw) != KEY_BYTES:
                raise SealError(
                    f"key {number} is not {KEY_BYTES} bytes of base64.", "Make one with: callcore privacy init"
                )
            self.key_id = hashlib.sha256(raw).hexdigest()[:8]
            self._ciphers[self.key_id] = AESSIV(raw)

    @property
    def keeps(self) -> bool:
        """Whether originals can be read again."""
        return bool(self._ciphers)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Short names of the keys, oldest first: what sealed originals name theirs by."""
        return tuple(self._ciphers)

    def seal(self, kind: str, value: str) -> str:
        """``value`` as it may leave: ``sealed:1:KEY:CIPHERTEXT``, or ``masked:KIND`` without a key. "" stays ""."""
        if not value:
            return ""
        if not self._ciphers:
            return f"{_WITHHELD}:{kind}"
        return self._sealed(self.key_id, self._ciphers[self.key_id], kind, value)

    def seal_all(self, kind: str, value: str) -> list[str]:
        """``value`` as any of the keys would have sealed it: what to look for in calls of the past."""
        return [Sealer._sealed(key_id, cipher, kind, value) for key_id, cipher in self._ciphers.items()]

    def open(self, kind: str, sealed: str) -> str:
        """The original of what :meth:`seal` made for ``kind``.

        Raises :class:`SealError`: withheld, sealed with another key or for another kind, or tampered with.
        """
        if sealed.startswith(f"{_WITHHELD}:"):
            raise SealError("the original was not kept: there was no key when the call was heard.", _HINT)
        form, _, rest = sealed.partition(f"{_FORM}:")
        key_id, _, text = rest.partition(":")
        ciphertext = _decoded(text + "=" * (-len(text) % 4))
        if form or not key_id or ciphertext is None:
            raise SealError("this is no sealed original.", "Give it whole, as callcore wrote it.")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealError(f"it was sealed with key {key_id}, which is not at hand.", _HINT)
        try:
            return cipher.decrypt(ciphertext, [kind.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"a sealed original of kind {kind!r} was changed, or is of another kind.", "") from error

    @staticmethod
    def _sealed(key_id: str, cipher: AESSIV, kind: str, value: str) -> str:
        sealed = cipher.encrypt(value.encode(), [kind.encode()])
        return f"{_FORM}:{key_id}:{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open_any(self, kinds: Iterable[str], sealed: str) -> str:
        """The original of what was sealed as one of ``kinds``. Raises :class:`SealError` of the last of them."""
        problem = SealError("there is no kind that it may be of.", _HINT)
        for kind in kinds:
            try:
                return self.open(kind, sealed)
            except SealError as error:
                problem = error
        raise problem


def is_sealed(value: str) -> bool:
    """Whether ``value`` stands for a secret: sealed, or withheld."""
    return value.startswith((f"{_FORM}:", f"{_WITHHELD}:"))


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
