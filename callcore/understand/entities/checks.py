"""What check digits and numbering plans say. The libraries are loaded when the first number comes."""

from __future__ import annotations


def luhn(digits: str) -> bool:
    """Payment cards (ISO/IEC 7812-1)."""
    from stdnum.luhn import is_valid

    return bool(is_valid(digits))


def resident_id(number: str) -> bool:
    """Resident identity number of China (GB 11643-1999): birth date and check character."""
    from stdnum.cn.ric import is_valid

    return bool(is_valid(number))


def phone(digits: str, region: str) -> tuple[str, bool]:
    """Normal form and whether the numbering plan knows it: E.164, or the number itself where it is a short one.

    ``digits`` may begin with "+"; ``region``: ISO 3166 code for numbers without a country code.
    """
    import phonenumbers as plan

    try:
        number = plan.parse(digits, region)
    except plan.NumberParseException:
        return digits, False
    if plan.is_valid_number(number):
        return plan.format_number(number, plan.PhoneNumberFormat.E164), True
    return digits, False
