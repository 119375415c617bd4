"""Closing and reopening."""

from sqlalchemy import func

from helpdesk.accounts.models import Agent
from helpdesk.cases.errors import AlreadyDone
from helpdesk.cases.events import record
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from helpdesk.core.kill_points import here


def close(case: Case, by: Agent | None) -> None:
    """The matter is settled: the case leaves the list. Raises AlreadyDone when it is closed."""
    with transaction() as session:
        case = locked(case)
        if case.status == "closed":
            raise AlreadyDone()
        case.status = "closed"
        case.closed_at = func.now()
        session.flush()
        record(case, "closed", by=by)
        here("cases.closed")
    here("cases.close_committed")


def reopen(case: Case, by: Agent | None) -> None:
    """Back into the list, still its agent's; the customer waits from now. Raises AlreadyDone when it is open."""
    with transaction() as session:
        case = locked(case)
        if case.status == "open":
            raise AlreadyDone()
        case.status, case.closed_at = "open", None
        case.waiting_since = func.now()
        session.flush()
        record(case, "reopened", by=by)
