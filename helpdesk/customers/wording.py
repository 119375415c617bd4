"""The register in words, for templates."""

from collections.abc import Mapping
from typing import Any

from babel import Locale

from helpdesk.core.i18n import _, language
from helpdesk.core.i18n import lazy as _l
from helpdesk.customers.email_address import readable_email
from helpdesk.customers.models import ContactPoint, Customer, PostalAddress, TimelineEntry
from helpdesk.customers.org_no import readable_org_no
from helpdesk.customers.phone import readable_phone

KIND_WORDS: Mapping[str, Any] = {"company": _l("Company"), "person": _l("Private person")}
STAGE_WORDS: Mapping[str, Any] = {
    "suspect": _l("Suspect"),
    "prospect": _l("Prospect"),
    "customer": _l("Customer"),
    "former": _l("Former customer"),
}
STAGES_WORDS: Mapping[str, Any] = {
    "suspect": _l("Suspects"),
    "prospect": _l("Prospects"),
    "customer": _l("Customers"),
    "former": _l("Former customers"),
}
LANGUAGE_WORDS: Mapping[str, Any] = {
    "": _l("Not known"),
    "nb": "Norsk bokmål",
    "nn": "Norsk nynorsk",
    "en": "English",
    "sv": "Svenska",
    "da": "Dansk",
    "de": "Deutsch",
}
ADDRESS_WORDS: Mapping[str, Any] = {
    "visit": _l("Visiting address"),
    "post": _l("Postal address"),
    "invoice": _l("Invoice address"),
    "delivery": _l("Delivery address"),
}


def stage_words(customer: Customer) -> str:
    """Who it is to us: "Customer since 2021", "Prospect"."""
    if customer.stage == "customer":
        return _("Customer since %(year)s", year=customer.created_at.year)
    return str(STAGE_WORDS[customer.stage])


def kind_words(customer: Customer) -> str:
    """Company or private person."""
    return str(KIND_WORDS[customer.kind])


def address_words(address: PostalAddress) -> str:
    """What the address is for."""
    return str(ADDRESS_WORDS[address.kind])


def address_lines(address: PostalAddress) -> list[str]:
    """Street; postcode and city; the country where it is not Norway."""
    country = "" if address.country == "NO" else country_words(address.country)
    lines = [address.street, f"{address.postcode} {address.city}".strip(), country]
    return [line for line in lines if line]


def country_words(code: str) -> str:
    """A country's name in the reader's language."""
    return str(Locale.parse(language()).territories.get(code, code))


def point_words(point: ContactPoint) -> str:
    """An address or number as people write it."""
    return readable_email(point.value) if point.kind == "email" else readable_phone(point.value)


def field_words(value: Any, field: str = "") -> str:
    """A kept value of a field, for a person to compare."""
    words = {"kind": {**KIND_WORDS, **ADDRESS_WORDS}, "language": LANGUAGE_WORDS}.get(field, {})
    if field == "org_no" and value:
        return readable_org_no(value)
    if field == "country":
        return country_words(value)
    return str(words.get(value, value) or _("nothing"))


def entry_words(entry: TimelineEntry) -> str:
    """What happened, and by whom: "Closed by Ada"."""
    who = entry.actor.name if entry.actor else ""
    data = entry.data
    if entry.kind == "stage":
        return _(
            "%(who)s moved them from %(before)s to %(after)s",
            who=who,
            before=str(STAGE_WORDS[data["before"]]).lower(),
            after=str(STAGE_WORDS[data["after"]]).lower(),
        )
    told = _TOLD_OF_PEOPLE.get(entry.kind)
    if told is not None:
        return str(told) % {"name": entry.title, "other": data.get("to_name") or data.get("from_name") or ""}
    by_us, by_them = _TOLD_OF_CASES[entry.kind]
    number = data.get("from_number", "")
    if who:
        return str(by_us) % {"who": who, "number": number}
    return str(by_them) % {"who": entry.contact.name if entry.contact else _("the customer"), "number": number}


_TOLD_OF_PEOPLE: Mapping[str, Any] = {
    "left": _l("%(name)s is with them no more"),
    "came_back": _l("%(name)s is with them again"),
    "moved_away": _l("%(name)s went to %(other)s"),
    "moved_here": _l("%(name)s came from %(other)s"),
}
_TOLD_OF_CASES: Mapping[str, tuple[Any, Any]] = {
    "opened": (_l("Opened by %(who)s"), _l("Opened by %(who)s")),
    "wrote": (_l("%(who)s wrote"), _l("%(who)s wrote")),
    "answered": (_l("Answered by %(who)s"), _l("Answered")),
    "closed": (_l("Closed by %(who)s"), _l("Closed")),
    "reopened": (_l("Reopened by %(who)s"), _l("Reopened")),
    "merged": (_l("#%(number)s merged into it by %(who)s"), _l("#%(number)s merged into it")),
    "unmerged": (_l("Taken apart again by %(who)s"), _l("Taken apart again")),
}

FILTERS = (
    stage_words,
    kind_words,
    address_words,
    address_lines,
    country_words,
    point_words,
    field_words,
    entry_words,
    readable_org_no,
    readable_phone,
    readable_email,
)
