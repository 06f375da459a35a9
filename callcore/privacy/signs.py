"""Numbers of letters and digits in English, one by one or written: passports, tax numbers, postcodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES, TEENS, TENS
from callcore.privacy.services import explained
from callcore.privacy.spans import Secret
from callcore.privacy.view import READABLE, View
from callcore.types import Role

_TWO_DIGITS = f"(?:{TENS})(?:[ -](?:{ONES}))?"
_SIGN = rf"(?:double |triple |treble )?(?:[a-z]|zed|zee|\d+|zero|oh|nought|{ONES}|{TEENS}|{_TWO_DIGITS})(?![\w'])"
_SAID = re.compile(rf"(?<![\w'£$€-]){_SIGN}(?:[ ,.-]{{1,2}}{_SIGN}){{2,}}")
_LETTER = re.compile(r"(?<![\w'])(?:[b-hj-z]|zed|zee)(?![\w'])")  # "a" and "I" are words
_NUMBER = re.compile(r"(?<![\w'])(?![a-z](?!\w)|zed|zee|double|triple|treble)\w+")
_WRITTEN = re.compile(r"(?<![\w'£$€-])(?=[a-z\d]*\d)(?=[a-z\d]*[a-z])(?![a-z]{1,3}\d{1,3}(?!\d))[a-z\d]{5,}(?![\w'])")
_FEWEST = 4  #: letters and digits that make a number


def signs(view: View) -> Iterator[Secret]:
    """Numbers of letters and digits that nothing explains as references, which agents give: of these none."""
    text = view.text
    if view.reference_wanted or view.speaker is Role.AGENT:
        return
    for match in (*_SAID.finditer(text), *_WRITTEN.finditer(text)):
        start, end = match.span()
        fact = any(span.start < end and start < span.end and span.kind in READABLE for span in view.spans)
        if not fact and (match.re is _WRITTEN or _is_mixed(match[0])) and not explained(text, start, match[0]):
            yield Secret("digits", start, end)


def _is_mixed(said: str) -> bool:
    """Whether signs that are said one by one are letters and numbers."""
    letters, numbers = len(_LETTER.findall(said)), len(_NUMBER.findall(said))
    return bool(letters and numbers) and letters + numbers >= _FEWEST
