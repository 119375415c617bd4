"""Commands about mail. `flask mail ingest` has a file of its own."""

import sys
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from helpdesk.core.commands import in_plain_words, print_rows
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError, NotFound
from helpdesk.mail_in.explain import explain
from helpdesk.mail_in.ingest import ingest
from helpdesk.mail_in.listing import newest
from helpdesk.mail_in.models import OUTCOMES, InboundMail
from helpdesk.mail_in.retry import retry
from helpdesk.mail_out.cli import outbox, test
from helpdesk.mail_reading.cli import parse

mail = AppGroup("mail", help="Mail: ingest, parse, serve the mail door, show the ledger and the outbox, test sending.")
mail.add_command(ingest)
mail.add_command(parse)
mail.add_command(outbox)
mail.add_command(test)


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


@mail.command("ledger")
@click.option("--outcome", type=click.Choice([*OUTCOMES, "waiting"]), help="Only mail that ended so.")
@click.option("--limit", type=click.IntRange(1), help="At most so many. Default: all, or the newest 50 without --json.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@in_plain_words
def ledger_command(outcome: str | None, limit: int | None, as_json: bool) -> None:
    """The ledger: every mail that came in, what became of it, and why. Newest first."""
    rows = newest(outcome, limit or (None if as_json else 50))
    if as_json:
        for row in rows:
            print_rows([_described(row)], as_json)
    else:
        print_rows([_for_people(row) for row in rows], as_json)


@mail.command("retry")
@click.argument("row_id", metavar="ID", type=click.IntRange(1))
@in_plain_words
def retry_command(row_id: int) -> None:
    """Have a mail of the ledger read and decided upon again."""
    row = db.session.get(InboundMail, row_id)
    if row is None:
        raise NotFound(f"The ledger has no row {row_id}.")
    retry(row, by=None)
    click.echo(f"Mail {row_id} is read again.")


def _described(row: InboundMail) -> dict[str, Any]:
    return {
        "id": row.id,
        "received_at": row.received_at.isoformat(),
        "door": row.door,
        "queue": row.queue.slug,
        "outcome": row.outcome,
        "rule": row.rule,
        "evidence": {**row.evidence, "sentence": explain(row)},
        "case": row.case.number if row.case else None,
        "from": row.sender or row.envelope_from or "",
        "subject": row.subject,
        "problems": row.problems.splitlines(),
    }


def _for_people(row: InboundMail) -> dict[str, Any]:
    return {
        "id": row.id,
        "received": row.received_at.strftime("%Y-%m-%d %H:%M"),
        "door": row.door,
        "outcome": row.outcome or "waiting",
        "case": f"#{row.case.number}" if row.case else "",
        "from": (row.sender or row.envelope_from or "")[:30],
        "subject": row.subject[:40],
        "why": explain(row)[:80],
    }
