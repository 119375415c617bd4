"""The journal: every change of a case is one row, written with the change itself."""

import logging
from collections.abc import Set
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.core import logs, tally
from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.events import emit

log = logging.getLogger(__name__)

WORDS = frozenset({"opened", "wrote", "answered", "noted", "merged"})
"""Events that an answer's author must have seen: somebody said something."""
OUTSIDE_WORDS = frozenset({"wrote", "merged"})
"""Events that bring a customer's words."""


def record(case: Case, kind: str, by: Agent | None = None, message: Message | None = None, **data: Any) -> CaseEvent:
    """Write down that `kind` happened to `case`, and let follow what follows (see reactions.py)."""
    with transaction() as session:
        event = CaseEvent(
            case_id=case.id,
            kind=kind,
            actor_id=by.id if by else None,
            message_id=message.id if message else None,
            data=data,
            trace=logs.trace(),
        )
        event.case, event.actor, event.message = case, by, message
        session.add(event)
        session.flush()
        if kind in WORDS:
            case.last_event_id = event.id
        emit(kind, event)
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
