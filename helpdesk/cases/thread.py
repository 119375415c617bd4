"""Everything said and done on a case, in the order in which it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.core.db import db

SHOWN = 200
"""Messages of a case shown at once: its latest."""
SAID = ("opened", "wrote", "answered", "noted", "automatic")
"""Events whose message stands in the thread itself."""
DELIVERED = ("sent", "delayed", "failed")
"""How an answer fared is told on the answer."""
EARLIER = 10


@dataclass(frozen=True)
class Entry:
    """A message, or an event without one."""

    at: datetime
    message: Message | None = None
    event: CaseEvent | None = None


@dataclass(frozen=True)
class Thread:
    """The latest entries, whether older ones are left out, and all events shown or not."""

    entries: Sequence[Entry]
    cut: bool
    events: Sequence[CaseEvent]


def thread(case: Case, *, everything: bool = False) -> Thread:
    """Messages and events of the case: 3 queries, however long it is."""
    messages = select(Message).where(Message.case_id == case.id).order_by(Message.id.desc())
    events = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id.desc())
    if not everything:
        messages, events = messages.limit(SHOWN + 1), events.limit(SHOWN)
    messages = messages.options(
        joinedload(Message.agent),
        joinedload(Message.outbound),
        selectinload(Message.attachments),
    ).execution_options(populate_existing=True)
    said = list(db.session.scalars(messages))
    cut = not everything and len(said) > SHOWN
    said = said if everything else said[:SHOWN]
    happened = list(db.session.scalars(events.options(joinedload(CaseEvent.actor))))
    done = [event for event in happened if event.kind not in SAID + DELIVERED]
    if cut:
        done = [event for event in done if event.at >= said[-1].at]
    entries = [Entry(at=message.at, message=message) for message in said]
    entries += [Entry(at=event.at, event=event) for event in done]
    return Thread(entries=sorted(entries, key=_order), cut=cut, events=happened[::-1])


def _order(entry: Entry) -> tuple[datetime, int, int]:
    """By time; of one moment, what was said comes before what was done."""
    if entry.message is not None:
        return entry.at, 0, entry.message.id
    assert entry.event is not None
    return entry.at, 1, entry.event.id


def earlier_cases(case: Case) -> Sequence[Case]:
    """The customer's other cases, latest first."""
    if case.customer_id is None:
        return []
    query = (
        select(Case)
        .where(Case.customer_id == case.customer_id, Case.id != case.id, Case.merged_into_id.is_(None))
        .options(joinedload(Case.owner))
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(EARLIER)
    )
    return list(db.session.scalars(query))
