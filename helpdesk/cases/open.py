"""Opening a case for something new."""

from typing import NamedTuple, Protocol

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.cases.events import enter
from helpdesk.cases.incoming import Incoming, snippet, write_message
from helpdesk.cases.models import Case, CaseEvent, Message, Participant, Queue, case_numbers
from helpdesk.core.fast import Fast, together
from helpdesk.core.i18n import _
from helpdesk.core.kill_points import here
from helpdesk.core.rows import numbers, write
from helpdesk.customers.models import Contact, Customer

JOIN = Fast(insert(Participant).on_conflict_do_nothing().inline(), ["case_id", "address", "name"])


class Who(Protocol):
    """Whose case it is, as far as is known."""

    @property
    def customer(self) -> Customer | None: ...

    @property
    def contact(self) -> Contact | None: ...


class Opened(NamedTuple):
    """A new case and its first message."""

    case: Case
    message: Message


def open_case(queue: Queue, incoming: Incoming, *, who: Who, source: str, maybe_of: Case | None = None) -> Case:
    """A new open, unclaimed case in `queue`, with `incoming` as its first message.

    `who` says whose it is (customers.match gives one). `source` is mail, form, api or hand. `maybe_of` is the case
    it possibly belongs to; a person decides.
    """
    return open_with(queue, incoming, who=who, source=source, maybe_of=maybe_of).case


def open_with(queue: Queue, incoming: Incoming, *, who: Who, source: str, maybe_of: Case | None = None) -> Opened:
    """As open_case(), for callers who go on with the message."""
    case_id, number, message_id, event_id = numbers(Case, case_numbers, Message, CaseEvent)
    with together():
        case = Case(
            id=case_id,
            number=number,
            queue_id=queue.id,
            subject=" ".join(incoming.subject.split())[:1000] or _("(no subject)"),
            customer_id=who.customer.id if who.customer else None,
            contact_id=who.contact.id if who.contact else None,
            source=source,
            snippet=snippet(incoming.text or incoming.quoted),
            from_name=incoming.from_name[:300],
            from_address=incoming.from_address[:320],
            maybe_of_id=maybe_of.id if maybe_of else None,
            last_event_id=event_id,
        )
        write(case)
        set_committed_value(case, "customer", who.customer)
        set_committed_value(case, "contact", who.contact)
        message = write_message(case_id, message_id, incoming)
        if incoming.from_address:
            join(case, incoming.from_address, incoming.from_name)
        event = CaseEvent(id=event_id, kind="opened", data={"automatic": incoming.automatic})
        enter(event, case, message=message)
        here("cases.opened")
    return Opened(case, message)


def join(case: Case, address: str, name: str) -> None:
    """Make `address` a participant of the case: from now on its replies join it."""
    JOIN(case_id=case.id, address=address.lower()[:320], name=name[:300])
