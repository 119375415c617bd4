"""Who there is to hand a case to."""

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.core.db import db


def who_may_answer() -> Sequence[Agent]:
    """Active agents and admins, by name."""
    query = select(Agent).where(Agent.active, Agent.role.in_(("admin", "agent"))).order_by(Agent.name, Agent.id)
    return db.session.scalars(query).all()
