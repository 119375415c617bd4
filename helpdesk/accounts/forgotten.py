"""A forgotten password: a link by mail, to whoever really has the account's address."""

import time

from flask import current_app
from sqlalchemy import select

from helpdesk.accounts.invite import send_link
from helpdesk.accounts.models import Agent
from helpdesk.core import limits
from helpdesk.core.db import db
from helpdesk.core.errors import TooMany

PER_ACCOUNT = "3 per 1 hour"
TAKES_S = 0.4
"""Every request takes this long, so that its time does not tell whether there is such an account."""


def ask_for_link(email: str, network: str) -> None:
    """Mail a link to the active colleague with this address, if there is one: whoever asks is told nothing of it.

    Past PER_ACCOUNT no further mail goes out, silently. Raises TooMany past SIGN_IN_NETWORK_LIMIT from a network.
    """
    begun = time.monotonic()
    email = email.strip().lower()
    if not limits.take(current_app.config["SIGN_IN_NETWORK_LIMIT"], "forgotten network", network):
        raise TooMany()
    agent = db.session.execute(select(Agent).where(Agent.email == email, Agent.active)).scalar_one_or_none()
    if agent is not None and limits.take(PER_ACCOUNT, "forgotten account", email):
        send_link(agent, by=None)
    time.sleep(max(0.0, TAKES_S - (time.monotonic() - begun)))
