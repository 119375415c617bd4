"""Two cases that are one matter become one, and can be taken apart again. Nobody outside is told."""

from sqlalchemy import Select, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from helpdesk.accounts.models import Agent
from helpdesk.cases.errors import AlreadyDone, CannotMerge
from helpdesk.cases.events import record
from helpdesk.cases.lock import locked, locked_both
from helpdesk.cases.models import Case, Message, Participant
from helpdesk.core.db import transaction
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again


@over_again
def merge(case: Case, into: Case, by: Agent) -> Case:
    """Move the messages of `case` to `into`; its number leads there from now on. Returns the case that has them.

    Raises CannotMerge for a case with itself.
    """
    with transaction() as session:
        source, target = locked_both(case, into)
        if source.id == target.id or source.id != case.id:
            raise CannotMerge()
        session.execute(
            update(Message)
            .where(Message.case_id == source.id)
            # A message that an earlier merge brought keeps the case it was written on, so that both can be undone.
            .values(case_id=target.id, merged_from_id=func.coalesce(Message.merged_from_id, source.id))
        )
        theirs = select(literal(target.id), Participant.address, Participant.name).where(
            Participant.case_id == source.id
        )
        session.execute(
            insert(Participant).from_select(["case_id", "address", "name"], theirs).on_conflict_do_nothing()
        )
        source.merged_into_id, source.maybe_of_id = target.id, None
        was, source.status, source.closed_at = source.status, "closed", func.now()
        if was == "open" and target.status != "open":
            target.status, target.closed_at, target.waiting_since = "open", None, source.waiting_since
        session.flush()
        record(target, "merged", by=by, from_number=source.number, from_id=source.id, was=was)
        here("cases.merged")
    here("cases.merge_committed")
    return target


@over_again
def unmerge(case: Case, by: Agent) -> Case:
    """Take a merged case out again, with the messages it brought; it is open. Raises AlreadyDone."""
    with transaction() as session:
        # Its own row alone: who fetched it may have joined others to it, and an outer join cannot be locked.
        own = select(Case).where(Case.id == case.id).with_for_update(of=Case)
        session.execute(own.execution_options(populate_existing=True)).scalar_one()
        if case.merged_into_id is None:
            raise AlreadyDone()
        # Who has the messages now may not be given more of them, or lose them, meanwhile.
        target = locked(session.get_one(Case, case.merged_into_id), follow_merge=True)
        session.execute(
            update(Message)
            .where(Message.merged_from_id.in_(_with_what_it_took_in(case)))
            .values(case_id=case.id, merged_from_id=func.nullif(Message.merged_from_id, case.id))
            .execution_options(synchronize_session=False)
        )
        case.merged_into_id, case.status, case.closed_at = None, "open", None
        session.flush()
        record(case, "unmerged", by=by, from_number=target.number)
    return case


def _with_what_it_took_in(case: Case) -> Select[int]:
    """The ids of the case, of those merged into it, of those merged into them, and so on."""
    tree = select(Case.id).where(Case.id == case.id).cte(recursive=True)
    tree = tree.union(select(Case.id).join(tree, Case.merged_into_id == tree.c.id))
    return select(tree.c.id)


@over_again
def keep_apart(case: Case, by: Agent) -> None:
    """It does not belong to the case it seemed to belong to: the suggestion goes away."""
    with transaction():
        case = locked(case)
        if case.maybe_of_id is None:
            return
        case.maybe_of_id = None
        record(case, "separate", by=by)
