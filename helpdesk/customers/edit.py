"""Changing what the register says of a customer."""

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError

from helpdesk.accounts.models import Agent
from helpdesk.customers.create import raise_taken_org_no, refuse_taken_org_no
from helpdesk.customers.fields import CUSTOMER, check_fields
from helpdesk.customers.models import Customer
from helpdesk.customers.versions import save


def edit(customer: Customer, version: int, typed: Mapping[str, str], *, by: Agent) -> None:
    """Save what was typed over the customer as its author saw it, at `version`.

    Raises InvalidInput by field, Taken for another's organisation number, and EditedMeanwhile if a colleague has
    changed one of the fields since: then nothing is saved.
    """
    values = check_fields(CUSTOMER, typed)
    refuse_taken_org_no(values["org_no"], customer.id)
    try:
        save(customer, version, values, by)
    except IntegrityError as error:
        raise_taken_org_no(error, values["org_no"])
