"""The lists: which cases are where, how many, and how old the oldest is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, literal, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, Queue
from helpdesk.core.fast import Fast
from helpdesk.core.paging import Page, fetch

PAGE_SIZE = 50
COUNT_TO = 1000
"""Counting stops here: the screen says 999+."""
VIEWS = ("unclaimed", "mine", "open", "waiting", "closed")


@dataclass(frozen=True)
class QueueCount:
    """A queue and how many of its cases nobody has claimed."""

    name: str
    slug: str
    colour: int
    unclaimed: int


@dataclass(frozen=True)
class Counts:
    """The numbers of the rail. Each is at most COUNT_TO."""

    unclaimed: int
    mine: int
    open: int
    waiting: int
    oldest_unclaimed: datetime | None


def conditions(view: str, agent_id: Any) -> list[Any]:
    """What makes a case belong to a view of the agent with that id."""
    return {
        "unclaimed": [Case.status == "open", Case.owner_id.is_(None)],
        "mine": [Case.status == "open", Case.owner_id == agent_id],
        "open": [Case.status == "open"],
        "waiting": [Case.status == "waiting"],
        "closed": [Case.status == "closed", Case.merged_into_id.is_(None)],
    }[view]


def cases_in(
    view: str, agent: Agent, *, queue: Queue | None = None, after: str | None = None, size: int = PAGE_SIZE
) -> Page[Case]:
    """A page of `size` cases of a view, oldest waiting first; of closed cases the latest first."""
    values = {"agent_id": agent.id, "queue_id": queue.id if queue else None}
    newest_first = view == "closed"
    keys = [Case.closed_at if newest_first else Case.waiting_since, Case.id]
    query = _of_view(view, of_one_queue=queue is not None)
    page: Page[Any] = fetch((query, values), keys, after, size=size, newest_first=newest_first)
    return Page(rows=[row[0] for row in page.rows], after=page.after)


@cache
def _of_view(view: str, of_one_queue: bool) -> Select[Any]:
    query = (
        select(Case)
        .where(*conditions(view, bindparam("agent_id")))
        .options(joinedload(Case.queue), joinedload(Case.owner), joinedload(Case.customer), joinedload(Case.contact))
    )
    return query.where(Case.queue_id == bindparam("queue_id")) if of_one_queue else query


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
    return Counts(*_counts().one(agent_id=agent.id))


@cache
def _counts() -> Fast:
    agent_id = bindparam("agent_id", type_=BigInteger)
    oldest = select(func.min(Case.waiting_since)).where(*conditions("unclaimed", agent_id)).scalar_subquery()
    numbers = [_capped(conditions(name, agent_id)) for name in ("unclaimed", "mine", "open", "waiting")]
    return Fast(select(*numbers, oldest))


def queues() -> Sequence[QueueCount]:
    """The active queues by name, with their unclaimed cases, in one query."""
    return [QueueCount(*row) for row in _queues()()]


@cache
def _queues() -> Fast:
    unclaimed = _capped([Case.queue_id == Queue.id, Case.status == "open", Case.owner_id.is_(None)], Queue)
    return Fast(select(Queue.name, Queue.slug, Queue.colour, unclaimed).where(Queue.active).order_by(Queue.name))


def _capped(where: list[Any], outer: Any = None) -> Any:
    # In the index's own order: so the planner has no reason to read the table from its beginning instead.
    ordered = select(literal(1)).select_from(Case).where(*where).order_by(Case.waiting_since, Case.id)
    some: Select[Any] = ordered.limit(COUNT_TO)
    if outer is not None:
        some = some.correlate(outer)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()
