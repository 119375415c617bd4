"""Colleagues: adding, changing, deactivating and reactivating them. Each change writes one row of audit."""

from typing import Any

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts import audit, passwords
from helpdesk.accounts.errors import Inactive, LastAdmin, NoSuchAgent
from helpdesk.accounts.links import INVITATION, PASSWORD, make_link
from helpdesk.accounts.models import ROLES, Agent, OneTimeLink, SignIn
from helpdesk.core.addresses import clean_address
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import LANGUAGES
from helpdesk.core.i18n import lazy as _l

NAME_MAX, SIGNATURE_MAX = 200, 2000


def add_agent(email: str, name: str, role: str, *, password: str | None = None, by: Agent | None = None) -> Agent:
    """A new colleague; without a password they come in by an invitation. Raises InvalidInput by field."""
    address, name = clean_address(email), one_line(name)
    language = current_app.config["DEFAULT_LANGUAGE"]
    wrong = _wrong_fields(name, role, language)
    if address is None:
        wrong["email"] = _l("This is not an e-mail address.")
    elif db.session.scalar(select(Agent.id).where(Agent.email == address)):
        wrong["email"] = _l("A colleague with this address is here already.")
    if password is not None and (weakness := passwords.weakness(password, email, name)):
        wrong["password"] = weakness
    if wrong:
        raise InvalidInput(fields=wrong)
    agent = Agent(email=address, name=name, role=role, language=language)
    agent.password_hash = passwords.keep(password) if password is not None else None
    try:
        with transaction() as session:
            session.add(agent)
            session.flush()
            audit.note(by, "added", "agent", agent.id, {"email": address, "name": agent.name, "role": role})
    except IntegrityError:
        # Somebody else added the same address between our look and our row.
        raise InvalidInput(fields={"email": _l("A colleague with this address is here already.")})
    return agent


def change_agent(agent: Agent, *, name: str, role: str, language: str, by: Agent | None) -> None:
    """Change a colleague's name, role and language. Raises InvalidInput by field, LastAdmin."""
    name = one_line(name)
    if wrong := _wrong_fields(name, role, language):
        raise InvalidInput(fields=wrong)
    with transaction():
        if role != "admin":
            _leave_an_admin(agent)
        change = audit.differences(agent, name=name, role=role, language=language)
        if change:
            agent.name, agent.role, agent.language = name, role, language
            audit.note(by, "changed", "agent", agent.id, change)


def change_own(agent: Agent, *, name: str, language: str, signature: str) -> None:
    """What everybody may change about themselves. Raises InvalidInput by field."""
    name, signature = one_line(name), signature.strip()
    wrong = _wrong_fields(name, agent.role, language)
    if len(signature) > SIGNATURE_MAX:
        wrong["signature"] = _l("Use at most %(most)s characters.", most=SIGNATURE_MAX)
    if wrong:
        raise InvalidInput(fields=wrong)
    with transaction():
        change = audit.differences(agent, name=name, language=language, signature=signature)
        if change:
            agent.name, agent.language, agent.signature = name, language, signature
            audit.note(agent, "changed", "agent", agent.id, change)


def deactivate(agent: Agent, *, by: Agent | None) -> None:
    """Shut a colleague out at once: sign-ins and links are gone with it. Raises LastAdmin."""
    with transaction() as session:
        _leave_an_admin(agent)
        session.refresh(agent)
        session.execute(delete(SignIn).where(SignIn.agent_id == agent.id))
        session.execute(delete(OneTimeLink).where(OneTimeLink.agent_id == agent.id))
        if agent.active:
            agent.active = False
            audit.note(by, "deactivated", "agent", agent.id)


def reactivate(agent: Agent, *, by: Agent | None) -> None:
    """Let a colleague in again, with the password they had."""
    with transaction():
        if not agent.active:
            agent.active = True
            audit.note(by, "reactivated", "agent", agent.id)


def link_for(agent: Agent, *, by: Agent | None) -> str:
    """A new link with which this colleague sets a password: an invitation until they have one. Raises Inactive."""
    if not agent.active:
        raise Inactive()
    with transaction():
        purpose = PASSWORD if agent.password_hash else INVITATION
        link = make_link(purpose, agent)
        audit.note(by, "made a link for", "agent", agent.id, {"purpose": purpose})
    return link


def by_email(email: str) -> Agent:
    """The colleague with this address. Raises NoSuchAgent."""
    found = db.session.execute(select(Agent).where(Agent.email == email.strip().lower())).scalar_one_or_none()
    if found is None:
        raise NoSuchAgent()
    return found


def one_line(typed: str) -> str:
    """A name without line ends and doubled spaces: it will stand in headers of mail."""
    return " ".join(typed.split())


def _leave_an_admin(agent: Agent) -> None:
    """Refuse to take the last active admin. The rows are locked: two admins cannot deactivate each other at once."""
    admins = db.session.scalars(
        select(Agent.id).where(Agent.role == "admin", Agent.active).order_by(Agent.id).with_for_update()
    ).all()
    if list(admins) == [agent.id]:
        raise LastAdmin()


def _wrong_fields(name: str, role: str, language: str) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    if not name:
        wrong["name"] = _l("Please write a name.")
    elif len(name) > NAME_MAX:
        wrong["name"] = _l("Use at most %(most)s characters.", most=NAME_MAX)
    if role not in ROLES:
        wrong["role"] = _l("The role is admin, agent or reader.")
    if language not in LANGUAGES:
        wrong["language"] = _l("Choose one of the languages.")
    return wrong
