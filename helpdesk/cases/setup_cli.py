"""`flask setup` and `flask queues`: what stands before the first case."""

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from helpdesk.accounts.set_password import first_setup_link
from helpdesk.cases.models import Queue
from helpdesk.cases.setup import make_first_queue
from helpdesk.core.commands import in_plain_words, print_rows
from helpdesk.core.db import db

queues = AppGroup("queues", help="Queues: list.")


@click.command("setup")
@with_appcontext
@in_plain_words
def setup() -> None:
    """Make the first queue if there is none, and print the link for the first admin while there is none."""
    queue = make_first_queue()
    if queue is not None:
        click.echo(f"Made the queue {queue.name}, at {queue.address}.")
    link = first_setup_link()
    if link is not None:
        click.echo(f"Nobody can sign in yet. Make the first admin here (once, within a day): {link}")


@queues.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@in_plain_words
def show_all(as_json: bool) -> None:
    """List the active queues."""
    found = db.session.scalars(select(Queue).where(Queue.active).order_by(Queue.name))
    print_rows(({"name": queue.name, "address": queue.address} for queue in found), as_json)
