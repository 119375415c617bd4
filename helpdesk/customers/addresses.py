"""Where a customer is visited, gets post, goods and invoices."""

from collections.abc import Mapping

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.customers.fields import ADDRESS, check_fields
from helpdesk.customers.models import Customer, PostalAddress
from helpdesk.customers.versions import lock, save


def add_address(customer: Customer, typed: Mapping[str, str], *, by: Agent) -> PostalAddress:
    """A new postal address. Raises InvalidInput by field."""
    values = check_fields(ADDRESS, typed)
    address = PostalAddress(customer_id=customer.id, **values)
    with transaction() as session:
        session.add(address)
        session.flush()
        note(by, "added", "address", address.id, {"customer_id": customer.id, **values})
    return address


def edit_address(address: PostalAddress, version: int, typed: Mapping[str, str], *, by: Agent) -> None:
    """Save what was typed. Raises InvalidInput by field, EditedMeanwhile, NotFound if a colleague removed it."""
    save(address, version, check_fields(ADDRESS, typed), by)


def remove_address(address: PostalAddress, *, by: Agent) -> None:
    """Forget a postal address. NotFound if a colleague has already."""
    with transaction() as session:
        lock(address)
        kept = {name: getattr(address, name) for name in ADDRESS}
        note(by, "removed", "address", address.id, {"customer_id": address.customer_id, **kept})
        session.delete(address)
