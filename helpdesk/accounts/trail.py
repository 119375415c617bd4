"""Reading the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.core.db import db
from helpdesk.core.paging import Page, fetch

PAGE_ROWS = 50
NOBODY = "none"
"""For what the command line or the system itself did."""


@dataclass(frozen=True)
class TrailFilters:
    """What the page is asked for; anything unknown counts as not asked."""

    person: str = ""
    subject: str = ""

    @classmethod
    def of(cls, asked: Any, subjects: Sequence[str]) -> "TrailFilters":
        """The filters in a request's arguments; `subjects` are those that there are."""
        person, subject = asked.get("person", ""), asked.get("subject", "")
        known = person == NOBODY or (person.isascii() and person.isdecimal() and len(person) < 18)
        return cls(person if known else "", subject if subject in subjects else "")

    @property
    def are_set(self) -> bool:
        return bool(self.person or self.subject)


def trail(filters: TrailFilters, after: str | None) -> Page[AuditEntry]:
    """A page of the trail, newest first, each entry with who did it."""
    query = select(AuditEntry).options(joinedload(AuditEntry.actor)).where(*_where(filters))
    return fetch(query, [AuditEntry.id], after, size=PAGE_ROWS, newest_first=True)


def people_of_the_trail() -> Sequence[Agent]:
    """Everybody who may have done something."""
    return db.session.scalars(select(Agent).order_by(Agent.name, Agent.id)).all()


def _where(filters: TrailFilters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.person == NOBODY:
        found.append(AuditEntry.actor_id.is_(None))
    elif filters.person:
        found.append(AuditEntry.actor_id == int(filters.person))
    if filters.subject:
        found.append(AuditEntry.subject == filters.subject)
    return found
