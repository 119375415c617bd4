"""Handing a colleague the link that lets them in: to the admin who asked for it, and by mail where mail goes out."""

from dataclasses import dataclass

from helpdesk.accounts.models import Agent
from helpdesk.accounts.people import add_agent, link_for
from helpdesk.core.db import transaction
from helpdesk.core.events import emit


@dataclass(frozen=True)
class LinkMade:
    """A link that its owner is to have. Nobody keeps this: only the link's hash is stored."""

    agent: Agent
    link: str
    is_invitation: bool
    by: Agent | None


def invite(email: str, name: str, role: str, *, by: Agent) -> tuple[Agent, str]:
    """A new colleague and the link for them. Raises InvalidInput by field."""
    with transaction():
        agent = add_agent(email, name, role, by=by)
        return agent, send_link(agent, by=by)


def send_link(agent: Agent, *, by: Agent | None) -> str:
    """A new link for a colleague; earlier ones of its kind stop working. Raises Inactive."""
    with transaction():
        link = link_for(agent, by=by)
        emit("link_made", LinkMade(agent, link, is_invitation=agent.password_hash is None, by=by))
    return link
