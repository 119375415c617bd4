"""An agent signed in without the sign-in page: the row that a cookie stands for, and a browser that has the cookie."""

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Agent, SignIn
from helpdesk.core.db import transaction
from helpdesk.core.tokens import fingerprint, new_secret


def secret_of(agent: Agent) -> str:
    """The secret of a new sign-in of the agent."""
    secret = new_secret()
    with transaction() as session:
        session.add(SignIn(secret_hash=fingerprint(secret), agent_id=agent.id))
    return secret


def browser_of(app: Flask, agent: Agent) -> FlaskClient:
    """A browser without JavaScript in which the agent is signed in."""
    client = app.test_client()
    secret = secret_of(agent)
    with client.session_transaction() as cookie:
        cookie["sign_in"] = secret
    return client
