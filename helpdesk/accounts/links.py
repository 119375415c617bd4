"""Links that let somebody in once, for one purpose: the first admin, a new colleague, a forgotten password.

Only the hash of a link is kept. Opening it changes nothing, since mail scanners open links too: a POST uses it up.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, func, select, update

from helpdesk.accounts.errors import LinkSpent
from helpdesk.accounts.models import Agent, OneTimeLink
from helpdesk.core.db import db, transaction
from helpdesk.core.tokens import fingerprint, new_secret

FIRST_SETUP = "first_setup"
INVITATION = "invitation"
PASSWORD = "password"  # noqa: S105  a purpose, not a secret
A_DAY = timedelta(days=1)


def make_link(purpose: str, agent: Agent | None = None) -> str:
    """The address of a new link, under BASE_URL; earlier links of the same purpose stop working.

    A forgotten password's works for LINK_MINUTES, the others, which a person hands over, for a day.
    """
    secret = new_secret()
    valid = timedelta(minutes=current_app.config["LINK_MINUTES"]) if purpose == PASSWORD else A_DAY
    agent_id = agent.id if agent else None
    with transaction() as session:
        same_agent = OneTimeLink.agent_id.is_(None) if agent_id is None else OneTimeLink.agent_id == agent_id
        session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == purpose, same_agent))
        session.add(
            OneTimeLink(
                secret_hash=fingerprint(secret), purpose=purpose, agent_id=agent_id, expires_at=func.now() + valid
            )
        )
    page = "setup" if purpose == FIRST_SETUP else "join"
    return f"{current_app.config['BASE_URL'].rstrip('/')}/{page}/{secret}"


def look_at(secret: str, *purposes: str) -> OneTimeLink:
    """The link behind a secret, unused and in time. Raises LinkSpent otherwise."""
    found = db.session.execute(select(OneTimeLink).where(*_still_good(secret, purposes))).scalar_one_or_none()
    if found is None:
        raise LinkSpent()
    return found


def use(secret: str, *purposes: str) -> OneTimeLink:
    """Use the link up, in the caller's transaction. Raises LinkSpent.

    Of two at once the database lets one through.
    """
    with transaction() as session:
        found = session.execute(
            update(OneTimeLink)
            .where(*_still_good(secret, purposes))
            .values(used_at=func.now())
            .returning(OneTimeLink)
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if found is None:
            raise LinkSpent()
        return found


def _still_good(secret: str, purposes: tuple[str, ...]) -> list:
    return [
        OneTimeLink.secret_hash == fingerprint(secret),
        OneTimeLink.purpose.in_(purposes),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > func.now(),
    ]
