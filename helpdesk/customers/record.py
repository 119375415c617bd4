"""The record of a customer: who they are, who is there, how to reach them. The timeline is timeline.py's."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from helpdesk.core.db import db
from helpdesk.customers.models import Contact, ContactPoint, Customer, PostalAddress

CONTACTS = 60
"""Contacts shown at first: a large company has more than a page holds."""
ALL = 5000


@dataclass(frozen=True)
class Person:
    """A contact with their e-mail addresses and phone numbers."""

    contact: Contact
    points: Sequence[ContactPoint]


@dataclass(frozen=True)
class Record:
    """What a customer's page shows beside the timeline. `more_contacts`: there are some that are not here."""

    customer: Customer
    people: Sequence[Person]
    more_contacts: bool
    points: Sequence[ContactPoint]
    addresses: Sequence[PostalAddress]


def record_of(customer: Customer, *, everybody: bool = False) -> Record:
    """The customer's contacts (those who left last), addresses and ways to reach them: three queries."""
    limit = ALL if everybody else CONTACTS
    contacts = db.session.scalars(
        select(Contact)
        .where(Contact.customer_id == customer.id)
        .order_by(Contact.left_at.is_not(None), Contact.id)
        .limit(limit + 1)
    ).all()
    more, contacts = len(contacts) > limit, contacts[:limit]
    points = db.session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.customer_id == customer.id,
            or_(ContactPoint.contact_id.is_(None), ContactPoint.contact_id.in_([one.id for one in contacts])),
        )
        .order_by(ContactPoint.id)
    ).all()
    addresses = db.session.scalars(
        select(PostalAddress).where(PostalAddress.customer_id == customer.id).order_by(PostalAddress.id)
    ).all()
    by_contact: dict[int | None, list[ContactPoint]] = {}
    for point in points:
        by_contact.setdefault(point.contact_id, []).append(point)
    people = [Person(contact, by_contact.get(contact.id, [])) for contact in contacts]
    return Record(customer, people, more, by_contact.get(None, []), addresses)


def points_of(contact: Contact) -> Sequence[ContactPoint]:
    """A contact's e-mail addresses and phone numbers."""
    return db.session.scalars(
        select(ContactPoint).where(ContactPoint.contact_id == contact.id).order_by(ContactPoint.id)
    ).all()
