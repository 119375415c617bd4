"""Commands about incoming mail."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from helpdesk.core.errors import HelpdeskError
from helpdesk.mail_in.ingest import ingest

mail = AppGroup("mail", help="Mail: ingest, parse, serve the mail door, show the ledger.")
mail.add_command(ingest)


@mail.command("serve")
def serve_command() -> None:
    """Open the mail door: listen for SMTP and LMTP until told to stop."""
    from helpdesk.mail_in.doors.serve import serve

    def say(line: str) -> None:
        click.echo(line)
        sys.stdout.flush()

    try:
        serve(current_app._get_current_object(), say)  # type: ignore[attr-defined]
    except HelpdeskError as refusal:
        raise click.ClickException(str(refusal))
