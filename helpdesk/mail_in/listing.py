"""Questions to the ledger: its rows by filter, and whether its numbers balance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.orm import joinedload

from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.core.paging import Page, fetch
from helpdesk.mail_in.models import DOORS, OUTCOMES, InboundMail, Mailbox

PAGE_SIZE = 50
WAITING = "waiting"
NEEDS_A_PERSON = ("held", "unreadable")
FOR_A_PERSON = text("inbound_mails.outcome in ('held','unreadable')")
"""In the very words of the index on them: among a million mails they may be three."""


@dataclass(frozen=True)
class Filters:
    """What the ledger's page is asked for; anything unknown counts as not asked."""

    outcome: str = ""
    door: str = ""
    queue: str = ""
    mailbox: str = ""
    words: str = ""

    @classmethod
    def of(cls, asked: Any) -> "Filters":
        """The filters in a request's arguments."""
        outcome, door = asked.get("outcome", ""), asked.get("door", "")
        return cls(
            outcome if outcome in (*OUTCOMES, WAITING) else "",
            door if door in DOORS else "",
            asked.get("queue", "")[:100],
            asked.get("mailbox", "") if asked.get("mailbox", "").isdecimal() else "",
            asked.get("words", "").strip().replace("\x00", "")[:100],
        )

    @property
    def are_set(self) -> bool:
        return any((self.outcome, self.door, self.queue, self.mailbox, self.words))


def needs_a_person() -> list[InboundMail]:
    """The newest of what is held or unreadable: the top of the page."""
    return list(db.session.scalars(_rows().where(FOR_A_PERSON).order_by(InboundMail.id.desc()).limit(PAGE_SIZE)))


def ledger_page(filters: Filters, after: str | None) -> Page[Any]:
    """One page of the ledger, newest first."""
    return fetch(
        _filtered(_rows(), filters),
        [InboundMail.received_at, InboundMail.id],
        after,
        size=PAGE_SIZE,
        newest_first=True,
    )


def newest(outcome: str | None, limit: int | None) -> Iterator[InboundMail]:
    """Rows of the ledger, newest first, read from the database a few hundred at a time."""
    before, left = None, limit
    while left is None or left > 0:
        query = _filtered(_rows(), Filters(outcome=outcome or "")).order_by(InboundMail.id.desc())
        if before is not None:
            query = query.where(InboundMail.id < before)
        rows = db.session.scalars(query.limit(min(500, left or 500))).all()
        yield from rows
        if len(rows) < min(500, left or 500):
            return
        before, left = rows[-1].id, None if left is None else left - len(rows)
        db.session.expunge_all()


def _rows() -> Select[InboundMail]:
    return select(InboundMail).options(
        joinedload(InboundMail.queue), joinedload(InboundMail.case), joinedload(InboundMail.mailbox)
    )


def _filtered(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.outcome == WAITING:
        query = query.where(InboundMail.outcome.is_(None))
    elif filters.outcome:
        query = query.where(InboundMail.outcome == filters.outcome)
    if filters.door:
        query = query.where(InboundMail.door == filters.door)
    if filters.queue:
        query = query.where(InboundMail.queue_id.in_(select(Queue.id).where(Queue.slug == filters.queue)))
    if filters.mailbox:
        query = query.where(InboundMail.mailbox_id == int(filters.mailbox[:15]))
    if filters.words:
        query = query.where(
            or_(
                InboundMail.sender.icontains(filters.words, autoescape=True),
                InboundMail.envelope_from.icontains(filters.words, autoescape=True),
                InboundMail.subject.icontains(filters.words, autoescape=True),
            )
        )
    return query


@dataclass(frozen=True)
class Balance:
    """What one mailbox has fetched, and what became of it: `fetched` is the sum of `outcomes` and `waiting`."""

    mailbox: Mailbox
    fetched: int
    outcomes: dict[str, int]
    waiting: int

    @property
    def is_right(self) -> bool:
        """Whether nothing is missing."""
        return self.fetched == self.waiting + sum(self.outcomes.values())


def balances(mailboxes: list[Mailbox]) -> dict[int, Balance]:
    """The balance of each mailbox, by its id: what it counted when fetching, against what the ledger holds."""
    counted: dict[int, dict[str, int]] = {one.id: {} for one in mailboxes}
    query = (
        select(InboundMail.mailbox_id, InboundMail.outcome, func.count())
        .where(InboundMail.mailbox_id.in_(counted))
        .group_by(InboundMail.mailbox_id, InboundMail.outcome)
    )
    for mailbox_id, outcome, count in db.session.execute(query):
        if mailbox_id is not None:
            counted[mailbox_id][outcome or WAITING] = count
    found = {}
    for mailbox in mailboxes:
        outcomes = counted[mailbox.id]
        waiting = outcomes.pop(WAITING, 0)
        found[mailbox.id] = Balance(mailbox, mailbox.fetched, outcomes, waiting)
    return found
