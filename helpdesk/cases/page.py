"""Everything that the page of a case shows, in as few queries as it takes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.drafts import draft_of
from helpdesk.cases.models import Case, CaseEvent
from helpdesk.cases.thread import earlier_cases, thread
from helpdesk.core.db import db
from helpdesk.customers.models import ContactPoint

POINTS = 10


def page_of(case: Case, me: Agent, *, everything: bool = False) -> dict[str, Any]:
    """The thread, journal, customer and draft of `case` for `me`; `everything` also of a very long thread."""
    said = thread(case, everything=everything)
    return {
        "thread": said.entries,
        "cut": said.cut,
        "journal": said.events,
        "newest_event_id": said.events[-1].id if said.events else 0,
        "earlier": earlier_cases(case),
        "contact_points": contact_points(case),
        "draft": draft_of(case, me) if me.may_answer else None,
        "answers_go_to": case.from_name or case.from_address,
    }


def contact_points(case: Case) -> Sequence[ContactPoint]:
    """How to reach the case's contact, and the customer as such."""
    if case.customer_id is None:
        return []
    query = (
        select(ContactPoint)
        .where(
            ContactPoint.customer_id == case.customer_id,
            or_(ContactPoint.contact_id == case.contact_id, ContactPoint.contact_id.is_(None)),
        )
        .order_by(ContactPoint.contact_id.is_(None), ContactPoint.id)
        .limit(POINTS)
    )
    return db.session.scalars(query).all()


def fresh(news: Sequence[CaseEvent]) -> set[int]:
    """The messages that `news` brought: the thread marks them."""
    return {event.message_id for event in news if event.message_id}
