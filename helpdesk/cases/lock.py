"""Holding a case while it changes, so that two acts on it follow one another."""

from sqlalchemy import select

from helpdesk.cases.errors import Moved
from helpdesk.cases.models import Case
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound


def locked(case: Case, *, follow_merge: bool = False) -> Case:
    """The case's present row, locked until the transaction ends.

    A merged case leads to the one that has its messages, or raises Moved when `follow_merge` is off.
    """
    current = _lock(case.id)
    while current.merged_into_id is not None:
        if not follow_merge:
            raise Moved(_lock(current.merged_into_id).number)
        current = _lock(current.merged_into_id)
    return current


def _lock(case_id: int) -> Case:
    query = select(Case).where(Case.id == case_id).with_for_update(of=Case).execution_options(populate_existing=True)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return found
