"""What an agent has begun to write: kept, so that a closed tab, a refused answer or a lunch loses nothing."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, Draft
from helpdesk.core.db import db, transaction

KINDS = ("answer", "note")


def save_draft(case: Case, by: Agent, text: str, kind: str = "answer", cc: str = "") -> None:
    """Keep `text` as the one draft of this agent on this case; an empty text forgets it."""
    if not text.strip():
        forget_draft(case, by)
        return
    values = {"kind": kind if kind in KINDS else "answer", "text": text, "cc": cc, "saved_at": func.now()}
    with transaction() as session:
        session.execute(
            insert(Draft)
            .values(case_id=case.id, agent_id=by.id, **values)
            .on_conflict_do_update(index_elements=["case_id", "agent_id"], set_=values)
        )


def draft_of(case: Case, by: Agent) -> Draft | None:
    """The agent's draft on the case."""
    query = select(Draft).where(Draft.case_id == case.id, Draft.agent_id == by.id)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def forget_draft(case: Case, by: Agent) -> None:
    """Drop the draft, if there is one."""
    with transaction() as session:
        session.execute(delete(Draft).where(Draft.case_id == case.id, Draft.agent_id == by.id))
