"""Opening a case for something new."""

from typing import Protocol

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from helpdesk.cases.events import record
from helpdesk.cases.incoming import Incoming, message_of, snippet
from helpdesk.cases.models import Case, Participant, Queue
from helpdesk.core.db import transaction
from helpdesk.core.i18n import _
from helpdesk.core.kill_points import here
from helpdesk.customers.models import Contact, Customer


class Who(Protocol):
    """Whose case it is, as far as is known."""

    @property
    def customer(self) -> Customer | None: ...

    @property
    def contact(self) -> Contact | None: ...


def open_case(
    queue: Queue,
    incoming: Incoming,
    *,
    who: Who,
    source: str,
    maybe_of: Case | None = None,
) -> Case:
    """A new open, unclaimed case in `queue`, with `incoming` as its first message.

    `who` says whose it is (customers.match gives one). `source` is mail, form, api or hand. `maybe_of` is the case
    it possibly belongs to; a person decides.
    """
    with transaction() as session:
        case = Case(
            queue_id=queue.id,
            subject=" ".join(incoming.subject.split())[:1000] or _("(no subject)"),
            customer_id=who.customer.id if who.customer else None,
            contact_id=who.contact.id if who.contact else None,
            source=source,
            snippet=snippet(incoming.text or incoming.quoted),
            from_name=incoming.from_name[:300],
            from_address=incoming.from_address[:320],
            maybe_of_id=maybe_of.id if maybe_of else None,
        )
        case.queue, case.customer, case.contact = queue, who.customer, who.contact
        session.add(case)
        session.flush()
        message = message_of(case, incoming)
        session.add(message)
        if incoming.from_address:
            join(case, incoming.from_address, incoming.from_name)
        session.flush()
        record(case, "opened", message=message, automatic=incoming.automatic)
        here("cases.opened")
    return case


def join(case: Case, address: str, name: str) -> None:
    """Make `address` a participant of the case: from now on its replies join it."""
    with transaction() as session:
        session.execute(
            insert(Participant)
            .values(case_id=case.id, address=func.lower(address[:320]), name=name[:300])
            .on_conflict_do_nothing()
        )
