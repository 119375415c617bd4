"""Who a request comes from: the cookie carries a secret, the row behind its hash decides."""

from datetime import timedelta

from flask import Request, current_app, session
from sqlalchemy import func, select, update

from helpdesk.accounts.models import Agent, SignIn
from helpdesk.core.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.tokens import fingerprint, new_secret

COOKIE_KEY = "sign_in"
SEEN_EVERY = timedelta(minutes=5)


def agent_of_request(_request: Request) -> Agent | None:
    """The signed-in agent of this request, or None: one query. A deactivated agent is nobody at once."""
    secret = session.get(COOKIE_KEY)
    if not secret:
        return None
    found = db.session.execute(select(SignIn).where(SignIn.secret_hash == fingerprint(secret))).scalar_one_or_none()
    if found is None or not found.agent.active:
        return None
    settings = current_app.config
    present = now()
    if present - found.last_seen_at > timedelta(days=settings["SESSION_IDLE_DAYS"]):
        return None
    if present - found.created_at > timedelta(days=settings["SESSION_MAX_DAYS"]):
        return None
    if present - found.last_seen_at > SEEN_EVERY:
        with transaction() as work:
            work.execute(update(SignIn).where(SignIn.id == found.id).values(last_seen_at=func.now()))
    return found.agent


def begin(agent: Agent, network: str, browser: str) -> None:
    """Sign `agent` in with this browser, under a new secret; what the browser had before is gone."""
    secret = new_secret()
    with transaction() as work:
        work.add(
            SignIn(secret_hash=fingerprint(secret), agent_id=agent.id, network=network[:64], browser=browser[:300])
        )
    session.clear()
    session[COOKIE_KEY] = secret
    session.permanent = True


def end() -> None:
    """Sign this browser out."""
    secret = session.pop(COOKIE_KEY, None)
    if secret:
        with transaction() as work:
            for row in work.scalars(select(SignIn).where(SignIn.secret_hash == fingerprint(secret))):
                work.delete(row)
    session.clear()
