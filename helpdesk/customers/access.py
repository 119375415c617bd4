"""The only way to fetch a customer, or what belongs to one, for somebody."""

from typing import TypeVar

from helpdesk.accounts.models import Agent
from helpdesk.core.db import Base, db
from helpdesk.core.errors import NotFound
from helpdesk.customers.models import Contact, ContactPoint, Customer, PostalAddress

T = TypeVar("T", bound=Base)


def _fetch(model: type[T], agent: Agent, row_id: int) -> T:
    found = db.session.get(model, row_id) if agent.active and 0 < row_id < 2**63 else None
    if found is None:
        raise NotFound()
    return found


def customer_by_id(agent: Agent, customer_id: int) -> Customer:
    """A customer. Raises NotFound."""
    return _fetch(Customer, agent, customer_id)


def contact_by_id(agent: Agent, contact_id: int) -> Contact:
    """A contact. Raises NotFound."""
    return _fetch(Contact, agent, contact_id)


def point_by_id(agent: Agent, point_id: int) -> ContactPoint:
    """An e-mail address or phone number. Raises NotFound."""
    return _fetch(ContactPoint, agent, point_id)


def address_by_id(agent: Agent, address_id: int) -> PostalAddress:
    """A postal address. Raises NotFound."""
    return _fetch(PostalAddress, agent, address_id)
