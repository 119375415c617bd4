"""Who a request comes from: the cookie carries a secret, the row behind its hash decides."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from flask import Request, current_app, g, session
from sqlalchemy import bindparam, delete, func, or_, select, update

from helpdesk.accounts.models import Agent, SignIn
from helpdesk.core.db import db, transaction
from helpdesk.core.tokens import fingerprint, new_secret

COOKIE_KEY = "sign_in"
SEEN_EVERY = timedelta(minutes=5)


def agent_of_request(_request: Request) -> Agent | None:
    """The signed-in agent of this request, or None: one query. A deactivated agent is nobody at once."""
    secret = session.get(COOKIE_KEY)
    if not secret or g.get("nobody_signed_in"):
        return None
    found = db.session.execute(_signed_in(*_limits_days()), {"secret_hash": fingerprint(secret)}).one_or_none()
    if found is None:
        return None
    agent, sign_in_id, is_stale = found
    if is_stale:
        with transaction() as work:
            work.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=func.now()))
    return agent


@cache
def _signed_in(idle_days: int, most_days: int) -> Any:
    """Made once: it is asked at every request."""
    return (
        select(Agent, SignIn.id, SignIn.last_seen_at < func.now() - SEEN_EVERY)
        .join_from(SignIn, Agent, SignIn.agent)
        .where(SignIn.secret_hash == bindparam("secret_hash"), *_in_time(idle_days, most_days), Agent.active)
    )


def _good() -> list[Any]:
    return [*_in_time(*_limits_days()), Agent.active]


def _limits_days() -> tuple[int, int]:
    return current_app.config["SESSION_IDLE_DAYS"], current_app.config["SESSION_MAX_DAYS"]


def _in_time(idle_days: int, most_days: int) -> list[Any]:
    """By the database's clock, whatever this machine's says: used lately, and begun not too long ago."""
    idle, most = timedelta(days=idle_days), timedelta(days=most_days)
    return [SignIn.last_seen_at > func.now() - idle, SignIn.created_at > func.now() - most]


def current_key() -> bytes | None:
    """What names this browser's sign-in among places(); None when it has none."""
    secret = session.get(COOKIE_KEY)
    return fingerprint(secret) if secret else None


def begin(agent: Agent, network: str, browser: str) -> None:
    """Sign `agent` in with this browser, under a new secret; what the browser had before is gone."""
    secret = new_secret()
    with transaction() as work:
        work.execute(delete(SignIn).where(SignIn.secret_hash == current_key()))
        work.execute(
            delete(SignIn).where(SignIn.agent_id == agent.id, or_(*(~rule for rule in _in_time(*_limits_days()))))
        )
        work.add(
            SignIn(secret_hash=fingerprint(secret), agent_id=agent.id, network=network[:64], browser=browser[:300])
        )
    session.clear()
    session[COOKIE_KEY] = secret
    session.permanent = True


def end() -> None:
    """Sign this browser out."""
    with transaction() as work:
        work.execute(delete(SignIn).where(SignIn.secret_hash == current_key()))
    session.clear()


def end_everywhere(agent: Agent) -> None:
    """Sign `agent` out of every browser, this one too."""
    with transaction() as work:
        work.execute(delete(SignIn).where(SignIn.agent_id == agent.id))
    session.clear()


def places(agent: Agent) -> Sequence[SignIn]:
    """Where `agent` is signed in, most lately used first."""
    found = select(SignIn).join(SignIn.agent).where(SignIn.agent_id == agent.id, *_good())
    return db.session.scalars(found.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())).all()
