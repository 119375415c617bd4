"""Where somebody stands with us: suspect, prospect, customer, former customer."""

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.clock import now
from helpdesk.core.db import transaction
from helpdesk.customers.fields import NEW_CUSTOMER, check_fields
from helpdesk.customers.models import Customer
from helpdesk.customers.timeline import tell
from helpdesk.customers.versions import lock


def change_stage(customer: Customer, stage: str, *, by: Agent) -> None:
    """Move the customer to `stage`, and put it on the timeline. To where it is already: nothing. Raises InvalidInput.

    One field and one click: the last one holds, and the timeline shows both.
    """
    check_fields({"stage": NEW_CUSTOMER["stage"]}, {"stage": stage})
    with transaction():
        lock(customer)
        before = customer.stage
        if before == stage:
            return
        customer.stage, customer.updated_at = stage, now()
        note(by, "moved to stage", "customer", customer.id, {"stage": [before, stage]})
        tell(customer.id, "stage", "", by=by, before=before, after=stage)
