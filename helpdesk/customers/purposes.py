"""Why the register keeps what it keeps: each column's purpose, legal basis, category and retention time, as data.

The privacy room renders this table; a test holds it complete. Bases are those of GDPR article 6, paragraph 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk.core.i18n import lazy as _l

CONTRACT, INTEREST = "6(1)(b) contract", "6(1)(f) legitimate interest"
IDENTITY, REACH, WORK, RELATION, TECHNICAL = "identity", "contact details", "work", "customer relation", "technical"
AFTER_LAST_CONTACT_MONTHS = 36
"""A record is kept this long after its last case or other contact; what was bought is kept by other rooms."""
UNDELIVERABLE_MONTHS = 12


@dataclass(frozen=True)
class Purpose:
    """What a column is for. `kept_months` count from the last contact with the customer."""

    purpose: Any
    basis: str
    category: str
    kept_months: int = AFTER_LAST_CONTACT_MONTHS


_KEY = Purpose(_l("Tells records apart and ties together what belongs together"), INTEREST, TECHNICAL)
_WHEN = Purpose(_l("Shows how old the information is, and when it must be deleted"), INTEREST, TECHNICAL)
_VERSION = Purpose(_l("Keeps two colleagues from overwriting each other"), INTEREST, TECHNICAL)
_WHO = Purpose(_l("Who the customer is, so that the right one is helped"), CONTRACT, IDENTITY)
_REACH = Purpose(_l("Answering them, and knowing who writes or calls"), CONTRACT, REACH)
_PLACE = Purpose(_l("Visiting, delivering, invoicing and sending post"), CONTRACT, REACH)
_STAGE = Purpose(_l("Treating prospects, customers and former customers each as they should be"), INTEREST, RELATION)
_TRADE = Purpose(_l("Understanding what the company does, to help it well"), INTEREST, RELATION)
_ROLE = Purpose(_l("Knowing who at the company to turn to, and who has left"), INTEREST, WORK)
_HISTORY = Purpose(_l("Seeing what has been between the customer and us"), CONTRACT, RELATION)
_BOUNCED = Purpose(
    _l("Not writing to an address that takes no mail"), INTEREST, TECHNICAL, kept_months=UNDELIVERABLE_MONTHS
)

PURPOSES: Mapping[str, Mapping[str, Purpose]] = {
    "customers": {
        "id": _KEY,
        "kind": _WHO,
        "name": _WHO,
        "stage": _STAGE,
        "org_no": _WHO,
        "industry": _TRADE,
        "website": _TRADE,
        "language": Purpose(_l("Writing to them in their language"), INTEREST, RELATION),
        "about": Purpose(_l("What colleagues must know to help them; never special categories"), INTEREST, RELATION),
        "version": _VERSION,
        "created_at": _WHEN,
        "updated_at": _WHEN,
    },
    "contacts": {
        "id": _KEY,
        "customer_id": _ROLE,
        "name": _WHO,
        "position": _ROLE,
        "says_company": _ROLE,
        "left_at": _ROLE,
        "version": _VERSION,
        "created_at": _WHEN,
    },
    "contact_points": {
        "id": _KEY,
        "customer_id": _KEY,
        "contact_id": _KEY,
        "kind": _REACH,
        "value": _REACH,
        "shown": _REACH,
        "domain": Purpose(_l("Recognising a new colleague of a known company"), INTEREST, REACH),
        "undeliverable_at": _BOUNCED,
        "undeliverable_why": _BOUNCED,
        "created_at": _WHEN,
    },
    "postal_addresses": {
        "id": _KEY,
        "customer_id": _KEY,
        "kind": _PLACE,
        "street": _PLACE,
        "postcode": _PLACE,
        "city": _PLACE,
        "country": _PLACE,
        "version": _VERSION,
        "created_at": _WHEN,
    },
    "timeline_entries": {
        "id": _KEY,
        "customer_id": _KEY,
        "contact_id": _HISTORY,
        "at": _HISTORY,
        "kind": _HISTORY,
        "title": _HISTORY,
        "case_number": _HISTORY,
        "actor_id": _HISTORY,
        "data": _HISTORY,
    },
}
