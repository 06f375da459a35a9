"""What check digits and numbering plans say. The libraries are loaded when the first number comes."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WITH_ZERO = frozenset(
    ("IE", "AU", "NZ", "ZA", "KE", "NG", "GH", "MY", "AE")
)  #: where numbers are said with their zero
_BRITISH = re.compile(r"(?:0|\+44)(7\d{9}|[123]\d{9})")  #: Ofcom, National Telephone Numbering Plan


def luhn(digits: str) -> bool:
    """Payment cards (ISO/IEC 7812-1)."""
    from stdnum.luhn import is_valid

    return bool(is_valid(digits))


def resident_id(number: str) -> bool:
    """Resident identity number of China (GB 11643-1999): birth date and check character.

    The code of the district is not looked up: people keep numbers of districts that are gone.
    """
    from stdnum.cn.ric import calc_check_digit, get_birth_date
    from stdnum.exceptions import ValidationError

    if len(number) != 18 or not number[:-1].isdecimal():
        return False
    try:
        get_birth_date(number)
    except ValidationError:
        return False
    return bool(calc_check_digit(number) == number[-1])


def phone(digits: str, regions: Sequence[str]) -> tuple[str, bool]:
    """Normal form and whether a numbering plan knows it.

    ``digits`` may begin with "+"; ``regions``: ISO 3166 codes, tried in order, for numbers without a country code. The
    form is E.164, the number itself where it is a short one (95588), and ``digits`` where no plan knows it.
    """
    import phonenumbers as plan

    british = _BRITISH.fullmatch(digits)
    if british and ("GB" in regions or digits[0] == "+"):  # the library leaves out numbers kept for fiction
        return f"+44{british[1]}", True
    for region in regions:
        if region in _WITH_ZERO and not digits.startswith(("0", "+")):  # a code, an account
            continue
        try:
            number = plan.parse(digits, region)
        except plan.NumberParseException:
            continue
        if plan.is_valid_number(number):
            return plan.format_number(number, plan.PhoneNumberFormat.E164), True
        if len(digits) <= 6 and plan.is_valid_short_number_for_region(number, region):
            return digits, True
    return digits, False
