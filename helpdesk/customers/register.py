"""The list of customers: by name, by stage and kind, and by whatever somebody remembers of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, or_, select, union

from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput
from helpdesk.core.paging import fetch
from helpdesk.customers.email_address import normal_email
from helpdesk.customers.models import KINDS, STAGES, Contact, ContactPoint, Customer
from helpdesk.customers.phone import searched_phones

PAGE = 50
WORDS_MAX = 6
WORD_MAX = 60
ORG_NO_DIGITS = 9


@dataclass(frozen=True)
class Row:
    """A customer in the list, with the first ways to reach them."""

    customer: Customer
    email: str
    phone: str


@dataclass(frozen=True)
class Listing:
    """Some rows, and the cursor that leads to the next (None at the end)."""

    rows: Sequence[Row]
    after: str | None


def customers(
    *, stage: str = "", kind: str = "", search: str = "", after: str | None = None, size: int = PAGE
) -> Listing:
    """Customers by name: all, or those in `stage`, of `kind`, or found by `search`; two queries.

    `search` finds beginnings of the words of the customer's or a contact's name, and beginnings of an e-mail address
    or its domain, a phone number, an organisation number. Raises InvalidInput for a stage, kind or cursor that is none.
    """
    if stage not in ("", *STAGES) or kind not in ("", *KINDS):
        raise InvalidInput()
    query = select(Customer)
    if stage:
        query = query.where(Customer.stage == stage)
    if kind:
        query = query.where(Customer.kind == kind)
    if search.strip():
        query = query.where(Customer.id.in_(found_by(search)))
    page = fetch(query, [Customer.sort_name, Customer.id], after, size=size)
    found = [row[0] for row in page.rows]
    reach = _first_points([customer.id for customer in found])
    return Listing(
        [Row(one, reach.get((one.id, "email"), ""), reach.get((one.id, "phone"), "")) for one in found], page.after
    )


def _first_points(customer_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    query = (
        select(ContactPoint.customer_id, ContactPoint.kind, ContactPoint.value)
        .distinct(ContactPoint.customer_id, ContactPoint.kind)
        .where(ContactPoint.customer_id.in_(customer_ids))
        .order_by(ContactPoint.customer_id, ContactPoint.kind, ContactPoint.contact_id.is_not(None), ContactPoint.id)
    )
    return {(row.customer_id, row.kind): row.value for row in db.session.execute(query)}


def found_by(search: str) -> Select[tuple[int]]:
    """The ids of the customers that `search` finds, each part of it by an index of its own."""
    words = [word[:WORD_MAX] for word in search.lower().split()[:WORDS_MAX]]
    whole = "".join(words)
    ways = [
        select(Customer.id).where(_begins(func.lower(Customer.name), words)),
        select(Contact.customer_id).where(_begins(func.lower(Contact.name), words)),
    ]
    if len(words) == 1:
        address, domain = normal_email(whole) or whole, whole.removeprefix("@")
        ways.append(
            select(ContactPoint.customer_id).where(
                ContactPoint.kind == "email",
                or_(
                    _like(ContactPoint.value, f"{_plain(address)}%"),
                    _like(ContactPoint.value, f"%@{_plain(domain)}%"),
                ),
            )
        )
    for phone in searched_phones(whole):
        ways.append(
            select(ContactPoint.customer_id).where(
                ContactPoint.kind == "phone", _like(ContactPoint.value, f"{_plain(phone)}%")
            )
        )
    if whole.isascii() and whole.isdigit() and len(whole) <= ORG_NO_DIGITS:
        lowest, highest = whole.ljust(ORG_NO_DIGITS, "0"), whole.ljust(ORG_NO_DIGITS, "9")
        ways.append(select(Customer.id).where(Customer.org_no.between(lowest, highest)))
    found = union(*ways).subquery()
    return select(found.c[0])


def _begins(column: SQLColumnExpression[str], words: Sequence[str]) -> ColumnElement[bool]:
    """Whether each of `words` begins a word of the column."""
    return and_(*(or_(_like(column, f"{_plain(word)}%"), _like(column, f"% {_plain(word)}%")) for word in words))


def _like(column: SQLColumnExpression[str], pattern: str) -> ColumnElement[bool]:
    return column.like(pattern, escape="\\")


def _plain(typed: str) -> str:
    """Typed text as a pattern that finds just it."""
    return typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")
