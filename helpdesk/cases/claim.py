"""Taking a case, giving it back, handing it to a colleague."""

from sqlalchemy import ColumnElement, exists, func, select, update

from helpdesk.accounts.models import Agent
from helpdesk.cases.errors import AlreadyClaimed, NothingToClaim, NotOpen
from helpdesk.cases.events import record
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput, NotAllowed
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again

CLAIMABLE = ("open", "waiting")


@over_again
def claim(case: Case, by: Agent) -> None:
    """Make `by` the owner of an unowned case.

    Raises AlreadyClaimed if another agent was first, NotOpen for a closed case, Moved for a merged one, NotAllowed
    for an agent who was deactivated meanwhile. Claiming one's own case again changes nothing.
    """
    with transaction() as session:
        # The database picks the winner of two simultaneous clicks.
        won = session.execute(
            update(Case)
            .where(Case.id == case.id, Case.owner_id.is_(None), Case.status.in_(CLAIMABLE), _still_here(by))
            .values(owner_id=by.id, owned_since=func.now())
            .returning(Case.id)
        ).scalar_one_or_none()
        session.refresh(case)
        if not won:
            if locked(case).owner_id == by.id:
                return
            _must_be_free(case, by)
            # It was released between the two looks.
            _give(case, by)
        record(case, "claimed", by=by)
        here("cases.claimed")
    here("cases.claim_committed")


@over_again
def claim_next(by: Agent, queue: Queue | None = None) -> Case:
    """Give `by` the case that has waited longest, in `queue` or in any.

    Two agents at once get two cases: each skips what the other is just taking. Raises NothingToClaim.
    """
    with transaction() as session:
        query = (
            select(Case)
            .where(Case.status == "open", Case.owner_id.is_(None))
            .order_by(Case.waiting_since, Case.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=Case)
            .execution_options(populate_existing=True)
        )
        if queue is not None:
            query = query.where(Case.queue_id == queue.id)
        case = session.execute(query).scalar_one_or_none()
        if case is None:
            raise NothingToClaim()
        _must_be_free(case, by)
        _give(case, by)
        record(case, "claimed", by=by)
    return case


@over_again
def release(case: Case, by: Agent) -> None:
    """Put the case back among the unclaimed. Releasing an unclaimed case changes nothing."""
    with transaction():
        case = locked(case)
        if case.owner_id is None:
            return
        former = case.owner_id
        case.owner_id, case.owned_since, case.owner = None, None, None
        record(case, "released", by=by, former_owner_id=former)


@over_again
def assign(case: Case, to: Agent, by: Agent) -> None:
    """Hand the case to `to`, whoever has it now. Raises InvalidInput when `to` cannot answer cases."""
    if not to.may_answer:
        raise InvalidInput(_l("%(name)s cannot take cases.", name=to.name))
    with transaction():
        case = locked(case)
        if case.owner_id == to.id:
            return
        former = case.owner_id
        _give(case, to)
        record(case, "assigned", by=by, to_id=to.id, to_name=to.name, former_owner_id=former)


def _give(case: Case, agent: Agent) -> None:
    case.owner_id, case.owner = agent.id, agent
    case.owned_since = func.now()


def _must_be_free(case: Case, by: Agent) -> None:
    """Say why `by` cannot have the case, whose row is locked."""
    if case.owner_id is not None:
        raise AlreadyClaimed(case.owner.name if case.owner else "")
    if case.status not in CLAIMABLE:
        raise NotOpen()
    if not db.session.scalar(select(_still_here(by))):
        raise NotAllowed()


def _still_here(by: Agent) -> ColumnElement[bool]:
    """True unless somebody has deactivated the agent since the request came in."""
    return exists().where(Agent.id == by.id, Agent.active)
