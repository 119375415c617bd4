"""Phone numbers: kept in E.164, shown as people write them. Pure: values in, values out."""

import phonenumbers

REGION = "NO"
"""Numbers without a country code are Norwegian."""


def normal_phone(typed: str) -> str | None:
    """`typed` in E.164 (`+4722334455`); None if it is no number that could be dialled."""
    try:
        number = phonenumbers.parse(typed, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def readable_phone(value: str) -> str:
    """An E.164 number in groups, Norwegian ones without their country code; anything else as it is."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    home = phonenumbers.region_code_for_country_code(number.country_code or 0) == REGION
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def searched_phones(typed: str) -> list[str]:
    """The beginnings that a number typed into a search may have in E.164: Norwegian, or of the country it names.

    At least three digits and no letters; else none.
    """
    digits = "".join(char for char in typed if char.isascii() and char.isdigit())
    if len(digits) < 3 or any(not (char.isdigit() or char in "+()-./ ") for char in typed):
        return []
    if typed.startswith("+"):
        return [f"+{digits}"]
    if digits.startswith("00"):
        return [f"+{digits[2:]}"]
    return [f"+47{digits}", digits]
