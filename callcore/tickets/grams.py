"""The words of a text as n-grams: one to three characters of Chinese, one to three words of any other language.

Digits are all the same, so that no number is learnt; what is masked separates like a mark.
"""

from __future__ import annotations

import re

LONGEST = 3
_MARKS = re.compile(r"\W+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+")
_DIGITS = re.compile(r"\d+")


def grams(text: str, *, chinese: bool) -> tuple[str, ...]:
    """N-grams of a text in lower case, each once, in alphabetical order; with marks and ends as ``|`` in Chinese."""
    plain = _DIGITS.sub("0", text)
    pieces = list(f"|{_MARKS.sub('|', plain).strip('|')}|") if chinese else _WORD.findall(plain)
    joint = "" if chinese else " "
    return tuple(
        sorted(
            {
                joint.join(pieces[start : start + length])
                for length in range(1, LONGEST + 1)
                for start in range(len(pieces) - length + 1)
            }
        )
    )
