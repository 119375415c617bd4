"""Commands about agents."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from helpdesk.accounts import people
from helpdesk.accounts.models import ROLES, Agent
from helpdesk.core.commands import in_plain_words, print_rows
from helpdesk.core.db import db

agents = AppGroup("agents", help="Agents: add, list, deactivate, make a link.")


@agents.command("add")
@click.option("--email", required=True, help="What they sign in with.")
@click.option("--name", required=True, help="What colleagues and customers see.")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@in_plain_words
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add a colleague; without a password, print the link with which they choose one."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    agent = people.add_agent(email, name, role, password=password)
    click.echo(f"Added {agent.name} <{agent.email}> as {agent.role}.")
    if password is None:
        click.echo(f"To choose a password, once, within a day: {people.link_for(agent, by=None)}")


@agents.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@in_plain_words
def show_all(as_json: bool) -> None:
    """List everybody, deactivated colleagues too."""
    print_rows(
        (
            {"email": agent.email, "name": agent.name, "role": agent.role, "active": agent.active}
            for agent in db.session.scalars(select(Agent).order_by(Agent.email))
        ),
        as_json,
    )


@agents.command("deactivate")
@click.argument("email")
@in_plain_words
def deactivate(email: str) -> None:
    """Shut a colleague out at once: their sign-ins end."""
    agent = people.by_email(email)
    people.deactivate(agent, by=None)
    click.echo(f"{agent.name} <{agent.email}> is deactivated.")


@agents.command("link")
@click.argument("email")
@in_plain_words
def link(email: str) -> None:
    """Print a link with which a colleague chooses a (new) password, once."""
    click.echo(people.link_for(people.by_email(email), by=None))
