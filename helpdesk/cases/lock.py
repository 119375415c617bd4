"""Holding a case while it changes, so that two acts on it follow one another."""

from sqlalchemy import select

from helpdesk.cases.errors import Moved
from helpdesk.cases.models import Case
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound


def locked(case: Case, *, follow_merge: bool = False) -> Case:
    """The case's present row, locked until the transaction ends.

    A merged case leads to the one that has its messages, or raises Moved when `follow_merge` is off. Only that one is
    locked, never a case on the way there: two acts on the same pair would wait for one another in a circle.
    """
    case_id = case.id
    while (found := _lock_unmerged(case_id)) is None:
        row = db.session.execute(select(Case.merged_into_id).where(Case.id == case_id)).one_or_none()
        if row is None:
            raise NotFound()
        (into,) = row
        if into is not None and not follow_merge:
            raise Moved(db.session.execute(select(Case.number).where(Case.id == into)).scalar_one())
        # Taken apart again in this very moment: then it is locked after all.
        case_id = into or case_id
    return found


def locked_both(one: Case, other: Case) -> tuple[Case, Case]:
    """Where the messages of both are now, locked in the order of their ids."""
    held = {case.id: locked(case, follow_merge=True) for case in sorted({one, other}, key=_end)}
    return held[one.id], held[other.id]


def _end(case: Case) -> int:
    """The id of the case that has the messages of `case`, as far as can be known without a lock."""
    case_id = case.id
    while into := db.session.scalar(select(Case.merged_into_id).where(Case.id == case_id)):
        case_id = into
    return case_id


def _lock_unmerged(case_id: int) -> Case | None:
    query = select(Case).where(Case.id == case_id, Case.merged_into_id.is_(None)).with_for_update(of=Case)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
