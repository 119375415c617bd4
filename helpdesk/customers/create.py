"""A customer that a colleague writes in."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import db, transaction
from helpdesk.customers.errors import Taken
from helpdesk.customers.fields import CUSTOMER, NEW_CUSTOMER, check_fields
from helpdesk.customers.models import Contact, Customer
from helpdesk.customers.points import put


def create(typed: Mapping[str, str], *, by: Agent) -> Customer:
    """A new customer from what was typed (the fields of fields.NEW_CUSTOMER).

    A private person gets one contact, themselves, who has the e-mail address and the phone number; a company has them
    as such. Raises InvalidInput by field; Taken for an organisation number or address that another customer has.
    """
    values = check_fields(NEW_CUSTOMER, typed)
    own = {name: values[name] for name in CUSTOMER}
    refuse_taken_org_no(own["org_no"], None)
    customer = Customer(**own, stage=values["stage"])
    try:
        with transaction() as session:
            session.add(customer)
            session.flush()
            contact = None
            if customer.kind == "person":
                contact = Contact(customer_id=customer.id, name=customer.name)
                session.add(contact)
                session.flush()
            put_all(customer, contact, values, typed)
            note(by, "created", "customer", customer.id, {**values, "version": [0, 1]})
    except IntegrityError as error:
        raise_taken_org_no(error, own["org_no"])
    return customer


def put_all(customer: Customer, contact: Contact | None, values: Mapping[str, str], typed: Mapping[str, str]) -> None:
    """The first e-mail address and phone number, where they were typed, in the caller's transaction."""
    for kind in ("email", "phone"):
        if values[kind]:
            try:
                put(customer, contact, kind, values[kind], typed[kind])
            except Taken as taken:
                raise Taken(kind, taken.customer_id, taken.name)


def refuse_taken_org_no(org_no: str | None, own_id: int | None) -> None:
    """Raise Taken if another customer than `own_id` has the organisation number."""
    if org_no is None:
        return
    holder = db.session.execute(select(Customer.id, Customer.name).where(Customer.org_no == org_no)).one_or_none()
    if holder is not None and holder.id != own_id:
        raise Taken("org_no", holder.id, holder.name)


def raise_taken_org_no(error: IntegrityError, org_no: str | None) -> None:
    """Two at once: the unique index refused the later one. Anything else it was is raised as it is."""
    if "uq_customers_org_no" in str(error):
        refuse_taken_org_no(org_no, None)
    raise error
