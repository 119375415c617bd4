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
