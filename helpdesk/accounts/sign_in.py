"""Checking who somebody says they are."""

import logging

from flask import current_app
from sqlalchemy import select

from helpdesk.accounts import passwords
from helpdesk.accounts.errors import WrongSignIn
from helpdesk.accounts.models import Agent
from helpdesk.core import limits
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import TooMany

log = logging.getLogger(__name__)


def sign_in(email: str, password: str, network: str) -> Agent:
    """The agent with this address and password, asked from `network` (core.network).

    Raises WrongSignIn after the same work for an unknown account, a wrong password and a deactivated colleague, and
    TooMany past SIGN_IN_LIMIT failures for an account or SIGN_IN_NETWORK_LIMIT from a network. Both windows move on by
    themselves, and what is refused is not counted: nobody is locked out for ever.
    """
    email = email.strip().lower()
    settings = current_app.config
    account = (settings["SIGN_IN_LIMIT"], "sign-in account", email)
    place = (settings["SIGN_IN_NETWORK_LIMIT"], "sign-in network", network)
    # The account's attempt is counted before the work and given back after a success: many at once gain nothing.
    if not limits.is_left(*place) or not limits.take(*account):
        log.warning("Too many failed sign-ins from %s", network)
        raise TooMany()
    agent = db.session.execute(select(Agent).where(Agent.email == email)).scalar_one_or_none()
    right = passwords.fits(agent.password_hash if agent else None, password)
    if agent is None or not right or not agent.active:
        limits.take(*place)
        log.info("Failed sign-in from %s", network)
        raise WrongSignIn()
    limits.forgive(*account)
    if agent.password_hash and passwords.is_outdated(agent.password_hash):
        with transaction():
            agent.password_hash = passwords.keep(password)
    return agent
