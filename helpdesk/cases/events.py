"""The journal: every change of a case is one row, written with the change itself."""

import logging
from collections.abc import Set
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.core import logs, tally
from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.events import emit
from helpdesk.core.rows import numbers, write

log = logging.getLogger(__name__)

WORDS = frozenset({"opened", "wrote", "answered", "noted", "merged"})
"""Events that an answer's author must have seen: somebody said something."""
OUTSIDE_WORDS = frozenset({"wrote", "merged"})
"""Events that bring a customer's words."""


def record(case: Case, kind: str, by: Agent | None = None, message: Message | None = None, **data: Any) -> CaseEvent:
    """Write down that `kind` happened to `case`, and let follow what follows (see reactions.py)."""
    return enter(CaseEvent(id=numbers(CaseEvent)[0], kind=kind, data=data), case, by, message)


def enter(event: CaseEvent, case: Case, by: Agent | None = None, message: Message | None = None) -> CaseEvent:
    """As record(), for an `event` that has its number, kind and data already."""
    with transaction() as session:
        if message is not None and message.id is None:
            session.flush()
        event.case_id = case.id
        event.trace = logs.trace()
        event.actor_id = by.id if by else None
        event.message_id = message.id if message else None
        write(event)
        for name, value in (("case", case), ("actor", by), ("message", message)):
            set_committed_value(event, name, value)
        if event.kind in WORDS:
            case.last_event_id = event.id
        emit(event.kind, event)
        after_commit(lambda: tell(event))
    return event


def tell(event: CaseEvent) -> None:
    """Count and log what happened on a case."""
    tally.count("case_events", event.kind)
    about = {"trace": event.trace, "case": event.case.number, "event": event.id, "agent": event.actor_id}
    log.info("Case %s", event.kind, extra={"about": about})


def news_since(case: Case, seen: int, by: Agent | None, kinds: Set[str] = WORDS) -> list[CaseEvent]:
    """What others than `by` said on the case after event `seen`, oldest first."""
    query = (
        select(CaseEvent)
        .where(
            CaseEvent.case_id == case.id,
            CaseEvent.id > seen,
            CaseEvent.kind.in_(kinds),
            CaseEvent.actor_id.is_distinct_from(by.id if by else None),
        )
        .options(joinedload(CaseEvent.message), joinedload(CaseEvent.actor))
        .order_by(CaseEvent.id)
    )
    return list(db.session.scalars(query))
