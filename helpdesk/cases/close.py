"""Closing and reopening."""

from sqlalchemy import func

from helpdesk.accounts.models import Agent
from helpdesk.cases.errors import AlreadyDone, NotRead
from helpdesk.cases.events import OUTSIDE_WORDS, news_since, record
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again


@over_again
def close(case: Case, by: Agent | None, seen: int | None = None) -> None:
    """The matter is settled: the case leaves the list.

    `seen` is the id of the last event its closer saw. Raises NotRead when the customer wrote after that: nobody would
    find those words again. Raises AlreadyDone when it is closed.
    """
    with transaction() as session:
        case = locked(case)
        if case.status == "closed":
            raise AlreadyDone()
        if seen is not None and (news := news_since(case, seen, by, OUTSIDE_WORDS)):
            raise NotRead(news)
        case.status = "closed"
        case.closed_at = func.now()
        session.flush()
        record(case, "closed", by=by)
        here("cases.closed")
    here("cases.close_committed")


@over_again
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
