"""The people at a customer: adding, changing, leaving, coming back. Moving to another customer: move.py."""

from collections.abc import Mapping

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.clock import now
from helpdesk.core.db import transaction
from helpdesk.customers.create import put_all
from helpdesk.customers.fields import CONTACT, NEW_CONTACT, check_fields
from helpdesk.customers.models import Contact, Customer
from helpdesk.customers.timeline import tell
from helpdesk.customers.versions import lock, save


def add_contact(customer: Customer, typed: Mapping[str, str], *, by: Agent) -> Contact:
    """A new person at `customer`, from name, position, and perhaps a first e-mail address and phone number.

    Raises InvalidInput by field, Taken for an address that somebody has.
    """
    values = check_fields(NEW_CONTACT, typed)
    contact = Contact(customer_id=customer.id, **{name: values[name] for name in CONTACT})
    with transaction() as session:
        session.add(contact)
        session.flush()
        put_all(customer, contact, values, typed)
        note(by, "added", "contact", contact.id, {"customer_id": customer.id, **values})
    return contact


def edit_contact(contact: Contact, version: int, typed: Mapping[str, str], *, by: Agent) -> None:
    """Save name and position as typed. Raises InvalidInput by field, EditedMeanwhile."""
    save(contact, version, check_fields(CONTACT, typed), by)


def leave(contact: Contact, *, by: Agent) -> None:
    """They are with this customer no more. Their addresses stay known: mail from them still finds its history."""
    with transaction():
        lock(contact)
        if contact.left_at is None:
            contact.left_at = now()
            note(by, "left", "contact", contact.id)
            tell(contact.customer_id, "left", contact.name, contact_id=contact.id, by=by)


def come_back(contact: Contact, *, by: Agent) -> None:
    """They are with this customer after all."""
    with transaction():
        lock(contact)
        if contact.left_at is not None:
            contact.left_at = None
            note(by, "came back", "contact", contact.id)
            tell(contact.customer_id, "came_back", contact.name, contact_id=contact.id, by=by)
