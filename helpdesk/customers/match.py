"""Who is the customer? From an address to the contact and customer behind it, made if nobody knows them yet."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from helpdesk.core.db import db, transaction
from helpdesk.core.fast import Fast, together
from helpdesk.core.rows import numbers, write
from helpdesk.customers.email_address import domain_of, is_role, normal_email, readable_email
from helpdesk.customers.models import Contact, ContactPoint, Customer
from helpdesk.customers.phone import normal_phone
from helpdesk.customers.public_domains import is_public

NAME_MAX, PHONE_MAX = 300, 320
TRIES = 3
KNOWN = (
    select(Customer, Contact)
    .join(ContactPoint, ContactPoint.customer_id == Customer.id)
    .outerjoin(Contact, Contact.id == ContactPoint.contact_id)
    .where(ContactPoint.kind == "email", ContactPoint.value == bindparam("address", type_=String))
)
NEW_ADDRESS = Fast(
    insert(ContactPoint)
    .on_conflict_do_nothing(index_elements=["value"], index_where=text("kind = 'email'"))
    .returning(ContactPoint.id),
    ["customer_id", "contact_id", "kind", "value", "shown"],
)
"""Waits for whoever is adding the same address, and then adds nothing."""


@dataclass(frozen=True)
class Match:
    """Who somebody is, and the rule that says so: known_address, company_domain, new_company, new_person, no_address.

    `contact` is None for an office's address (post@, faktura@); both are None when there was no usable address.
    """

    customer: Customer | None
    contact: Contact | None
    rule: str


@dataclass(frozen=True)
class _Stranger:
    address: str
    shown: str
    name: str
    company: str
    phone: str


def customer_for(address: str, name: str, *, company: str = "", phone: str = "") -> Match:
    """The customer and contact behind `address`: the first rule that holds.

    1. known_address: the register has the address (one query). What else the sender claims changes nothing.
    2. company_domain: its domain belongs to exactly one company and is no public mail domain: a new contact there,
       or an address of the company as such if it is an office's (post@).
    3. new_company: the sender names a `company` that no company in the register is called: it, as a prospect,
       with the sender as its contact.
    4. new_person: a new private person in stage prospect. If they named a company that we have, the claim is noted
       on the contact and joins them to nothing: anybody can type a company's name.

    Joins the caller's transaction. Two callers with the same new address at the same moment end with one customer:
    the unique index makes the later one wait for the earlier, then find what it made.
    """
    normal = normal_email(address)
    if normal is None:
        return Match(None, None, "no_address")
    with transaction() as session:
        found = _known(session, normal)
        if found is not None:
            return found
        shown = clean(address, ContactPoint.shown.type.length).strip("<>")
        stranger = _Stranger(
            normal, shown, clean(name) or readable_email(normal), clean(company), clean(phone, PHONE_MAX)
        )
        for _try in range(TRIES):
            match = _make(session, stranger) or _known(session, normal)
            if match is not None:
                return match
        raise RuntimeError("The address is neither free nor known")


def clean(text: str, length: int = NAME_MAX) -> str:
    """One line of at most `length` characters that a database takes: no control characters, no lone surrogates."""
    text = text.encode("utf-8", "ignore").decode()
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text[: 4 * length])
    return " ".join(text.split())[:length].strip()


def _known(session: Session, address: str) -> Match | None:
    row = session.execute(KNOWN, {"address": address}).one_or_none()
    return Match(row[0], row[1], "known_address") if row else None


def _make(session: Session, stranger: _Stranger) -> Match | None:
    if stranger.company:
        # Two colleagues at once, from an unknown company: the later one sees the company that the earlier one made.
        session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"company {stranger.company.lower()}", 0)))
        )
    domain = domain_of(stranger.address)
    company = None if is_public(domain) else _company_of_domain(session, domain)
    if company is not None:
        contact = None if is_role(stranger.address) else Contact(name=stranger.name)
        return _keep(stranger, Match(company, contact, "company_domain"))
    if stranger.company and not _company_called(session, stranger.company):
        company = Customer(kind="company", name=stranger.company, stage="prospect")
        return _keep(stranger, Match(company, Contact(name=stranger.name), "new_company"))
    person = Customer(kind="person", name=stranger.name, stage="prospect")
    contact = Contact(name=stranger.name, says_company=stranger.company)
    return _keep(stranger, Match(person, contact, "new_person"))


def _keep(stranger: _Stranger, match: Match) -> Match | None:
    """Write who is new; None when somebody else has made the address known in this moment."""
    customer, contact = match.customer, match.contact
    assert customer is not None
    customer_id, contact_id = numbers(Customer, Contact)
    new: list[Customer | Contact] = []
    with together():
        if customer.id is None:
            customer.id = customer_id
            write(customer)
            new.append(customer)
        if contact is not None:
            contact.id, contact.customer_id = contact_id, customer.id
            write(contact)
            new.append(contact)
        of = {"customer_id": customer.id, "contact_id": contact.id if contact else None}
        if NEW_ADDRESS(**of, kind="email", value=stranger.address, shown=stranger.shown).fetchone() is None:
            for row in reversed(new):
                db.session.delete(row)
                db.session.flush()
            return None
        if stranger.phone:
            number = normal_phone(stranger.phone) or stranger.phone
            write(ContactPoint(**of, kind="phone", value=number, shown=stranger.phone))
    return match


def _company_of_domain(session: Session, domain: str) -> Customer | None:
    """The one company with an address in `domain`; None if there is none, or more than one."""
    return session.scalars(_the_only_company(), {"domain": domain}).one_or_none()


@cache
def _the_only_company() -> Any:
    def companies() -> tuple[type[ContactPoint], type[Customer]]:
        return aliased(ContactPoint), aliased(Customer)

    domain = bindparam("domain", type_=String)
    point, company = companies()
    first = (
        select(point.customer_id)
        .join(company, company.id == point.customer_id)
        .where(point.kind == "email", point.domain == domain, company.kind == "company")
        .order_by(point.customer_id)
        .limit(1)
        .scalar_subquery()
    )
    other, other_company = companies()
    another = exists(
        select(other.id)
        .join(other_company, other_company.id == other.customer_id)
        .where(
            other.kind == "email",
            other.domain == domain,
            other.customer_id > Customer.id,
            other_company.kind == "company",
        )
    )
    return select(Customer).where(Customer.id == first, ~another)


def _company_called(session: Session, name: str) -> bool:
    return bool(
        session.scalar(
            select(exists().where(Customer.kind == "company", func.lower(Customer.name) == func.lower(name)))
        )
    )
