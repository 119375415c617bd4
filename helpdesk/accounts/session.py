"""Who a request comes from: the cookie carries a secret, the row behind its hash decides."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Request, current_app, g, session
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import contains_eager

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
    long_unseen = SignIn.last_seen_at < func.now() - SEEN_EVERY
    found = db.session.execute(
        select(SignIn, long_unseen)
        .join(SignIn.agent)
        .options(contains_eager(SignIn.agent))
        .where(SignIn.secret_hash == fingerprint(secret), *_good())
    ).one_or_none()
    if found is None:
        return None
    sign_in, is_stale = found
    if is_stale:
        with transaction() as work:
            work.execute(update(SignIn).where(SignIn.id == sign_in.id).values(last_seen_at=func.now()))
    return sign_in.agent


def _good() -> list[Any]:
    return [*_in_time(), Agent.active]


def _in_time() -> list[Any]:
    """By the database's clock, whatever this machine's says: used lately, and begun not too long ago."""
    idle = timedelta(days=current_app.config["SESSION_IDLE_DAYS"])
    at_most = timedelta(days=current_app.config["SESSION_MAX_DAYS"])
    return [SignIn.last_seen_at > func.now() - idle, SignIn.created_at > func.now() - at_most]


def current_key() -> bytes | None:
    """What names this browser's sign-in among places(); None when it has none."""
    secret = session.get(COOKIE_KEY)
    return fingerprint(secret) if secret else None


def begin(agent: Agent, network: str, browser: str) -> None:
    """Sign `agent` in with this browser, under a new secret; what the browser had before is gone."""
    secret = new_secret()
    with transaction() as work:
        work.execute(delete(SignIn).where(SignIn.secret_hash == current_key()))
        work.execute(delete(SignIn).where(SignIn.agent_id == agent.id, or_(*(~rule for rule in _in_time()))))
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
