"""A person changes jobs, or turns out to be somebody's colleague."""

from sqlalchemy import update

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.customers.errors import AlreadyThere, EditedMeanwhile
from helpdesk.customers.models import Contact, ContactPoint, Customer
from helpdesk.customers.timeline import tell
from helpdesk.customers.versions import lock


def move(contact: Contact, version: int, to: Customer, *, by: Agent) -> None:
    """Make `contact` a person at `to`, with their addresses and phone numbers.

    What has been stays where it was: cases and the timeline belong to the customer of that time, and both timelines
    say that they moved. What comes from their address from now on is the new customer's. Raises AlreadyThere, and
    EditedMeanwhile if a colleague changed the contact after `version`.
    """
    with transaction() as session:
        lock(contact)
        if contact.version != version:
            raise EditedMeanwhile([], contact.version)
        origin = session.get_one(Customer, contact.customer_id)
        if origin.id == to.id:
            raise AlreadyThere()
        contact.customer_id, contact.left_at, contact.says_company = to.id, None, ""
        contact.version += 1
        session.execute(update(ContactPoint).where(ContactPoint.contact_id == contact.id).values(customer_id=to.id))
        note(
            by,
            "moved",
            "contact",
            contact.id,
            {"customer_id": [origin.id, to.id], "version": [version, contact.version]},
        )
        tell(origin.id, "moved_away", contact.name, contact_id=contact.id, by=by, to_id=to.id, to_name=to.name)
        tell(to.id, "moved_here", contact.name, contact_id=contact.id, by=by, from_id=origin.id, from_name=origin.name)
