"""Adding and removing the ways to reach somebody: e-mail addresses and phone numbers."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import lazy as _l
from helpdesk.customers.errors import Taken
from helpdesk.customers.fields import POINT, check_fields
from helpdesk.customers.models import Contact, ContactPoint, Customer
from helpdesk.customers.versions import lock


def add_point(customer: Customer, contact: Contact | None, kind: str, typed: str, *, by: Agent) -> ContactPoint:
    """A new e-mail address or phone number of `contact`, or of the customer as such if that is None.

    Raises InvalidInput for `value`; Taken if somebody has the e-mail address already.
    """
    if kind not in POINT:
        raise InvalidInput(fields={"kind": _l("Please choose one of these.")})
    value = check_fields(POINT[kind], {"value": typed})["value"]
    with transaction():
        point = put(customer, contact, kind, value, typed)
        note(by, "added", kind, point.id, {"customer_id": customer.id, "value": value})
    return point


def put(customer: Customer, contact: Contact | None, kind: str, value: str, shown: str) -> ContactPoint:
    """The row of a checked value, in the caller's transaction; without audit. Raises Taken on the field `value`.

    The unique index decides between two who add the same e-mail address at once.
    """
    with transaction() as session:
        if kind == "phone":
            # No index decides here: two who add the same number at once follow one another.
            session.execute(select(Customer.id).where(Customer.id == customer.id).with_for_update(key_share=True))
            same = select(ContactPoint).where(
                ContactPoint.customer_id == customer.id, ContactPoint.kind == "phone", ContactPoint.value == value
            )
            contact_id = contact.id if contact else None
            for known in session.scalars(same):
                if known.contact_id == contact_id:
                    raise Taken("value", customer.id, contact.name if contact else customer.name)
        row = {"customer_id": customer.id, "contact_id": contact.id if contact else None, "kind": kind}
        made = session.execute(
            insert(ContactPoint)
            .values(**row, value=value, shown=" ".join(shown.split())[:320])
            .on_conflict_do_nothing()
            .returning(ContactPoint)
        ).scalar_one_or_none()
        if made is None:
            raise _taken(value)
    return made


def _taken(address: str) -> Taken:
    holder = db.session.execute(
        select(Customer.id, Customer.name, Contact.name)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .outerjoin(Contact, Contact.id == ContactPoint.contact_id)
        .where(ContactPoint.kind == "email", ContactPoint.value == address)
    ).one()
    person = holder[2] if holder[2] and holder[2] != holder[1] else ""
    return Taken("value", holder[0], f"{person}, {holder[1]}" if person else holder[1])


def remove_point(point: ContactPoint, *, by: Agent) -> None:
    """Forget an e-mail address or phone number; mail from it is a stranger's then. NotFound if it is gone already."""
    with transaction() as session:
        lock(point)
        note(by, "removed", point.kind, point.id, {"customer_id": point.customer_id, "value": point.value})
        session.delete(point)
