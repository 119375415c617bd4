"""The lists: which cases are where, how many, and how old the oldest is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db
from helpdesk.core.paging import Page, fetch

PAGE_SIZE = 50
COUNT_TO = 1000
"""Counting stops here: the screen says 999+."""
VIEWS = ("unclaimed", "mine", "open", "waiting", "closed")


@dataclass(frozen=True)
class QueueCount:
    """A queue and how many of its cases nobody has claimed."""

    queue: Queue
    unclaimed: int


@dataclass(frozen=True)
class Counts:
    """The numbers of the rail. Each is at most COUNT_TO."""

    unclaimed: int
    mine: int
    open: int
    waiting: int
    oldest_unclaimed: datetime | None


def conditions(view: str, agent: Agent) -> list[Any]:
    """What makes a case belong to a view."""
    return {
        "unclaimed": [Case.status == "open", Case.owner_id.is_(None)],
        "mine": [Case.status == "open", Case.owner_id == agent.id],
        "open": [Case.status == "open"],
        "waiting": [Case.status == "waiting"],
        "closed": [Case.status == "closed", Case.merged_into_id.is_(None)],
    }[view]


def cases_in(
    view: str, agent: Agent, *, queue: Queue | None = None, after: str | None = None, size: int = PAGE_SIZE
) -> Page[Case]:
    """A page of `size` cases of a view, oldest waiting first; of closed cases the latest first."""
    query = (
        select(Case)
        .where(*conditions(view, agent))
        .options(joinedload(Case.queue), joinedload(Case.owner), joinedload(Case.customer), joinedload(Case.contact))
    )
    if queue is not None:
        query = query.where(Case.queue_id == queue.id)
    newest_first = view == "closed"
    keys = [Case.closed_at if newest_first else Case.waiting_since, Case.id]
    page: Page[Any] = fetch(query, keys, after, size=size, newest_first=newest_first)
    return Page(rows=[row[0] for row in page.rows], after=page.after)


def every_case(statuses: Sequence[str], queue: Queue | None, limit: int | None = None) -> Iterator[Case]:
    """All cases with these statuses in the order of their numbers, read a page at a time."""
    query = (
        select(Case)
        .where(Case.status.in_(statuses))
        .options(joinedload(Case.queue), joinedload(Case.owner), joinedload(Case.customer))
    )
    if queue is not None:
        query = query.where(Case.queue_id == queue.id)
    after, left = None, limit
    while left is None or left > 0:
        page: Page[Any] = fetch(query, [Case.number], after, size=min(left or 500, 500))
        yield from (row[0] for row in page.rows)
        after = page.after
        left = None if left is None else left - len(page.rows)
        if after is None:
            return


def counts(agent: Agent) -> Counts:
    """All numbers of the views, in one query that reads at most COUNT_TO index entries each."""
    oldest = select(func.min(Case.waiting_since)).where(*conditions("unclaimed", agent)).scalar_subquery()
    names = ("unclaimed", "mine", "open", "waiting")
    numbers = [_capped(conditions(name, agent)).label(name) for name in names]
    row = db.session.execute(select(*numbers, oldest.label("oldest_unclaimed"))).one()
    return Counts(**row._mapping)


def queues() -> Sequence[QueueCount]:
    """The active queues by name, with their unclaimed cases, in one query."""
    unclaimed = _capped([Case.queue_id == Queue.id, Case.status == "open", Case.owner_id.is_(None)], Queue)
    query = select(Queue, unclaimed).where(Queue.active).order_by(Queue.name)
    return [QueueCount(queue, count) for queue, count in db.session.execute(query)]


def _capped(where: list[Any], outer: Any = None) -> Any:
    # In the index's own order: so the planner has no reason to read the table from its beginning instead.
    ordered = select(literal(1)).select_from(Case).where(*where).order_by(Case.waiting_since, Case.id)
    some: Select[Any] = ordered.limit(COUNT_TO)
    if outer is not None:
        some = some.correlate(outer)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()
