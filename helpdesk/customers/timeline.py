"""Everything between a customer and us, newest first: what happened to their cases, and who came and went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.core.paging import fetch
from helpdesk.core.rows import write
from helpdesk.customers.models import TimelineEntry

PAGE = 50


class CaseOfEvent(Protocol):
    """What the timeline wants to know of a case."""

    number: int
    subject: str
    customer_id: int | None
    contact_id: int | None


class EventOfCase(Protocol):
    """What the timeline wants to know of something that happened to a case."""

    kind: str
    actor_id: int | None
    case: Any
    data: dict[str, Any]


def add(event: EventOfCase) -> None:
    """Put what happened to a case on its customer's timeline, in the caller's transaction. A reaction."""
    case: CaseOfEvent = event.case
    if case.customer_id is None:
        return
    write(
        TimelineEntry(
            customer_id=case.customer_id,
            contact_id=case.contact_id,
            kind=event.kind,
            title=case.subject,
            case_number=case.number,
            actor_id=event.actor_id,
            data={"from_number": event.data["from_number"]} if "from_number" in event.data else {},
        )
    )


def tell(customer_id: int, kind: str, title: str, *, contact_id: int | None = None, by: Agent, **data: Any) -> None:
    """Put something else on the timeline of a customer, in the caller's transaction."""
    with transaction() as session:
        session.add(
            TimelineEntry(
                customer_id=customer_id, contact_id=contact_id, kind=kind, title=title, actor_id=by.id, data=data
            )
        )


@dataclass
class Line:
    """What stands together on the screen: the entries of one case, newest first, or a single other entry."""

    case_number: int | None
    title: str
    entries: list[TimelineEntry] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When the newest of it happened."""
        return self.entries[0].at

    @property
    def is_closed(self) -> bool | None:
        """Whether the case ended with the newest entry; None if this is no case."""
        return self.entries[0].kind == "closed" if self.case_number else None


@dataclass(frozen=True)
class TimelinePage:
    """Some lines, and the cursor that leads to older ones (None at the end)."""

    lines: Sequence[Line]
    after: str | None


def timeline(customer_id: int, after: str | None = None, *, size: int = PAGE) -> TimelinePage:
    """`size` entries of the customer's timeline, newest first, beginning after the cursor. One query."""
    query = (
        select(TimelineEntry)
        .where(TimelineEntry.customer_id == customer_id)
        .options(joinedload(TimelineEntry.contact), joinedload(TimelineEntry.actor))
    )
    page = fetch(query, [TimelineEntry.at, TimelineEntry.id], after, size=size, newest_first=True)
    return TimelinePage(together([row[0] for row in page.rows]), page.after)


def together(entries: Sequence[TimelineEntry]) -> list[Line]:
    """Entries, newest first, as lines: those of one case stand where its newest stands, under its latest title."""
    lines: list[Line] = []
    of_case: dict[int, Line] = {}
    for entry in entries:
        line = of_case.get(entry.case_number) if entry.case_number else None
        if line is None:
            line = Line(entry.case_number, entry.title)
            lines.append(line)
            if entry.case_number:
                of_case[entry.case_number] = line
        line.entries.append(entry)
    return lines
