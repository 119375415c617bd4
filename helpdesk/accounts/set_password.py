"""Choosing a password: the first admin's, an invited colleague's, a forgotten one, one's own."""

from flask import current_app
from sqlalchemy import delete, select

from helpdesk.accounts import audit, links, passwords
from helpdesk.accounts.errors import AdminExists, LinkSpent
from helpdesk.accounts.models import Agent, SignIn
from helpdesk.accounts.people import add_agent
from helpdesk.core import limits
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput, TooMany
from helpdesk.core.i18n import lazy as _l


def first_setup_link() -> str | None:
    """A new link to make the first admin, valid a day; earlier ones end. None when there is an active admin."""
    with transaction():
        return None if has_admin() else links.make_link(links.FIRST_SETUP)


def make_first_admin(secret: str, *, email: str, name: str, password: str, language: str) -> Agent:
    """The first admin, by the link of first_setup_link(). Raises LinkSpent, AdminExists, InvalidInput by field.

    After an InvalidInput the link works still.
    """
    with transaction():
        links.use(secret, links.FIRST_SETUP)
        if has_admin():
            raise AdminExists()
        admin = add_agent(email, name, "admin", password=password)
        admin.language = language
        return admin


def set_by_link(secret: str, password: str) -> Agent:
    """Set the password of the link's colleague and end their sign-ins elsewhere.

    Raises LinkSpent, InvalidInput by field. After an InvalidInput the link works still.
    """
    with transaction() as session:
        link = links.use(secret, links.INVITATION, links.PASSWORD)
        agent = session.get_one(Agent, link.agent_id, with_for_update=True)
        if not agent.active:
            raise LinkSpent()
        _set(agent, password)
        session.execute(delete(SignIn).where(SignIn.agent_id == agent.id))
    return agent


def change_password(agent: Agent, old: str, new: str) -> None:
    """Change one's own password; every sign-in ends, and the caller begins a new one.

    Raises InvalidInput by field, and TooMany when the old one was guessed at too often.
    """
    limit = (current_app.config["SIGN_IN_LIMIT"], "password change", str(agent.id))
    if not limits.take(*limit):
        raise TooMany()
    if not passwords.fits(agent.password_hash, old):
        raise InvalidInput(fields={"old": _l("This is not your present password.")})
    limits.forgive(*limit)
    with transaction() as session:
        _set(agent, new)
        session.execute(delete(SignIn).where(SignIn.agent_id == agent.id))


def _set(agent: Agent, password: str) -> None:
    if weakness := passwords.weakness(password, agent.email, agent.name):
        raise InvalidInput(fields={"password": weakness})
    agent.password_hash = passwords.keep(password)
    audit.note(agent, "set the password of", "agent", agent.id)


def has_admin() -> bool:
    """Whether there is an active admin: the first set-up is over then."""
    return db.session.scalar(select(Agent.id).where(Agent.role == "admin", Agent.active).limit(1)) is not None
