"""What a run of digits can be by its shape alone."""

from __future__ import annotations

import re

from callcore.understand.entities import checks

LONGEST_CARD = 19  #: ISO/IEC 7812-1
SHORTEST_CARD = 13
NORTH_AMERICAN = ("US", "CA", "JM", "TT")  #: countries whose telephone numbers have ten digits and no zero before them
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}|9[56]\d{3}")
_CHINESE_ID = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")
SCHEMES = re.compile(r"(?:62|4|5[1-5]|2[2-7]|3[4-7])\d+")


def expiry(digits: str) -> str:
    """``YYYY-MM`` of the four (or three, six) digits on a card: month, then year; "" where they are none."""
    month, year = int(digits[:-2] if len(digits) < 5 else digits[:2]), digits[-2:]
    return f"20{year}-{month:02d}" if 1 <= month <= 12 else ""


def other_shape(digits: str, kind: str) -> bool:
    """Whether the digits are clearly something else than the words say: an ID number where a card is spoken of."""
    if kind in ("account", "id_number", "reference"):
        return False
    if _CHINESE_ID.fullmatch(digits):
        return True
    return kind == "card_number" and len(digits) < SHORTEST_CARD


def shape(digits: str, regions: tuple[str, ...]) -> str:
    """The kind of digits by themselves, "" for none."""
    if _CHINESE_ID.fullmatch(digits):
        return "id_number"
    if digits.startswith("+") or (regions[0] == "CN" and (_MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits))):
        return "phone"
    if digits.startswith("0") and 10 <= len(digits) <= 12 and checks.phone(digits, regions)[1]:
        return "phone"
    if len(digits) == 10 and regions[0] in NORTH_AMERICAN and checks.phone(digits, regions)[1]:
        return "phone"
    if _MOBILE.fullmatch(digits):
        return "phone"
    if 15 <= len(digits) <= LONGEST_CARD and SCHEMES.fullmatch(digits):
        return "card_number"
    return "card_number" if SHORTEST_CARD <= len(digits) <= LONGEST_CARD and checks.luhn(digits) else ""
