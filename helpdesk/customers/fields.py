"""What may stand in the register's fields: from what a person typed to what is kept. Pure: values in, values out.

Each `check_…` takes the typed strings by field name, and gives the values to keep; it raises InvalidInput with a
sentence for each field that cannot be taken. Fields that it does not know are left aside.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from babel import Locale

from helpdesk.core.addresses import clean_address
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import lazy as _l
from helpdesk.customers.email_address import normal_email
from helpdesk.customers.models import ADDRESS_KINDS, KINDS, STAGES
from helpdesk.customers.org_no import normal_org_no
from helpdesk.customers.phone import normal_phone

ABOUT_MAX = 10_000
LANGUAGES = ("", "nb", "nn", "en", "sv", "da", "de")
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
COUNTRIES = (
    frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - NO_COUNTRIES
)
Check = Callable[[str], Any]


class Refused(Exception):
    """A field's value cannot be taken; the first argument is the sentence."""


def _line(length: int, *, needed: Any = None) -> Check:
    def check(typed: str) -> str:
        text = " ".join(_printable(typed).split())
        if needed is not None and not text:
            raise Refused(needed)
        if len(text) > length:
            raise Refused(_l("Please use at most %(most)s characters.", most=length))
        return text

    return check


def _text(typed: str) -> str:
    text = _printable(typed.replace("\r\n", "\n")).strip()
    if len(text) > ABOUT_MAX:
        raise Refused(_l("Please use at most %(most)s characters.", most=ABOUT_MAX))
    return text


def _printable(typed: str) -> str:
    """Without what a database or a screen cannot take: control characters but line ends, lone surrogates."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs") else " " for char in typed or ""
    )


def _one_of(allowed: tuple[str, ...] | frozenset[str]) -> Check:
    def check(typed: str) -> str:
        if typed not in allowed:
            raise Refused(_l("Please choose one of these."))
        return typed

    return check


def _org_no(typed: str) -> str | None:
    if not typed.strip():
        return None
    found = normal_org_no(typed)
    if found is None:
        raise Refused(_l("A Norwegian organisation number has nine digits; this is none. Is a digit wrong?"))
    return found


def _website(typed: str) -> str:
    text = _line(300)(typed)
    if not text:
        return ""
    full = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(full)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or "." not in host or parts.scheme not in ("http", "https") or " " in full or len(full) > 300:
        raise Refused(_l("This is not the address of a website, such as www.example.com."))
    return full


def email(typed: str) -> str:
    """A typed e-mail address in its normal form. Raises Refused."""
    found = normal_email(clean_address(_printable(typed)) or "")
    if found is None:
        raise Refused(_l("This is not an e-mail address."))
    return found


def phone(typed: str) -> str:
    """A typed phone number in E.164. Raises Refused."""
    found = normal_phone(_printable(typed))
    if found is None:
        raise Refused(_l("This is not a phone number. Numbers from abroad begin with + and the country's code."))
    return found


def _optional(check: Check) -> Check:
    return lambda typed: check(typed) if typed.strip() else ""


NAME = _line(300, needed=_l("A name is needed."))
CUSTOMER: Mapping[str, Check] = {
    "kind": _one_of(KINDS),
    "name": NAME,
    "org_no": _org_no,
    "industry": _line(200),
    "website": _website,
    "language": _one_of(LANGUAGES),
    "about": _text,
}
NEW_CUSTOMER: Mapping[str, Check] = {
    **CUSTOMER,
    "stage": _one_of(STAGES),
    "email": _optional(email),
    "phone": _optional(phone),
}
CONTACT: Mapping[str, Check] = {"name": NAME, "position": _line(200)}
NEW_CONTACT: Mapping[str, Check] = {**CONTACT, "email": _optional(email), "phone": _optional(phone)}
ADDRESS: Mapping[str, Check] = {
    "kind": _one_of(ADDRESS_KINDS),
    "street": _line(300),
    "postcode": _line(20),
    "city": _line(200),
    "country": _one_of(COUNTRIES),
}
POINT: Mapping[str, Mapping[str, Check]] = {"email": {"value": email}, "phone": {"value": phone}}


def check_fields(checks: Mapping[str, Check], typed: Mapping[str, str]) -> dict[str, Any]:
    """The values to keep, one for each of `checks`; a field that was not typed counts as empty. Raises InvalidInput."""
    values: dict[str, Any] = {}
    wrong: dict[str, Any] = {}
    for name, check in checks.items():
        try:
            values[name] = check(typed.get(name) or "")
        except Refused as refused:
            wrong[name] = refused.args[0]
    if not wrong and checks is ADDRESS and not (values["street"] or values["postcode"] or values["city"]):
        wrong["street"] = _l("Please fill in a street, a postcode or a city.")
    if wrong:
        raise InvalidInput(fields=wrong)
    return values
