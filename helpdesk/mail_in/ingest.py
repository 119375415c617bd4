"""`flask mail ingest`: files, folders and standard input into the ledger, with exit codes for a mail server's pipe."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import OperationalError

from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.mail_in.doors.files import Found, files_in, mail_on, mails_in
from helpdesk.mail_in.doors.pipe import Exit, NoQueue, Pipe, queue_called
from helpdesk.mail_in.explain import explain
from helpdesk.mail_in.models import InboundMail

log = logging.getLogger(__name__)

WORKER_PATIENCE_S = 15.0
"""How long we wait for the outcome of a mail that a worker was quicker to take up."""


class WrongUse(click.UsageError):
    """A usage error with the exit code that pipes know."""

    exit_code = Exit.USAGE


class PipeCommand(click.Command):
    """A command whose usage errors exit with 64, as a mail server's pipe expects."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise WrongUse(error.format_message(), ctx)


@click.command("ingest", cls=PipeCommand)
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--queue", "queue_name", help="The queue, by address or short name. Default: whom the mail is for.")
@click.option(
    "--recipient",
    envvar=["ORIGINAL_RECIPIENT", "RECIPIENT"],
    default="",
    help="Whom the envelope names. Default: what the mail server says in the environment.",
)
@click.option("--sender", envvar="SENDER", help="Whom the envelope says it is from; empty for the null sender.")
@click.option("--read/--leave", "reads", default=None, help="Read the mails here and now, or leave that to a worker.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mail.")
@click.pass_context
@with_appcontext
def ingest(ctx: click.Context, files: tuple[str, ...], queue_name: str | None, as_json: bool, **how: Any) -> None:
    """Take mails in from files, an mbox, a Maildir or - (standard input).

    Exit code 0: every mail is durable. 75: not now, try again. 64: wrong use. 65: a file cannot be read.
    Mail from files is also read at once and its outcome shown; from standard input that is left to a worker.
    """
    reads = how["reads"] if how["reads"] is not None else "-" not in files
    try:
        pipe = Pipe(queue_called(queue_name) if queue_name else None, how["recipient"], how["sender"])
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            code = _take_in_all(pipe, bar.track(_all_files(files), description="Mail"), reads, as_json)
    except NoQueue as refusal:
        ctx.exit(_stop(str(refusal), Exit.USAGE if queue_name else Exit.TRY_AGAIN))
    except HelpdeskError as refusal:
        ctx.exit(_stop(f"{refusal} ({refusal.code})", Exit.TRY_AGAIN))
    except OperationalError:
        ctx.exit(_stop("The database does not answer. Please try again later.", Exit.TRY_AGAIN))
    except Exception:
        # A mail server takes any other code for a lasting refusal, and sends the mail back.
        log.exception("Mail could not be taken in")
        ctx.exit(Exit.TRY_AGAIN)
    ctx.exit(code)


def _all_files(names: tuple[str, ...]) -> list[Path]:
    return [path for name in names for path in ([Path("-")] if name == "-" else files_in(Path(name)))]


def _stop(sentence: str, code: Exit) -> int:
    click.echo(sentence, err=True)
    return int(code)


def _take_in_all(pipe: Pipe, files: Any, reads: bool, as_json: bool) -> int:
    """Take in one mail after the other; a file that cannot be read is named, and the rest go on."""
    code = Exit.OK
    for path in files:
        for found in _mails_of(path):
            if found.raw is None:
                click.echo(f"{found.name}: {found.problem}", err=True)
                code = Exit.DATA
                continue
            row = pipe.take_in(found.raw)
            if reads:
                _read(row)
            _show(row, found, as_json)
            # What is kept in memory does not grow with the number of mails.
            db.session.expunge_all()
    return int(code)


def _mails_of(path: Path) -> Iterator[Found]:
    max_bytes = current_app.config["MAIL_MAX_BYTES"]
    if str(path) == "-":
        yield mail_on(sys.stdin.buffer, max_bytes)
    else:
        yield from mails_in(path, max_bytes)


def _read(row: InboundMail) -> None:
    """Read the mail here, or see how the worker does who was quicker. Its row is up to date afterwards."""
    from helpdesk.mail_in.story import read_mail

    read_mail(row.id)
    patience_ends = time.monotonic() + WORKER_PATIENCE_S
    while True:
        db.session.rollback()
        db.session.refresh(row)
        if row.outcome is not None or row.leased_until is None or time.monotonic() > patience_ends:
            return
        time.sleep(0.1)


def _show(row: InboundMail, found: Found, as_json: bool) -> None:
    number = row.case.number if row.case else None
    if as_json:
        said = {"id": row.id, "file": found.name, "outcome": row.outcome, "rule": row.rule, "case": number}
        click.echo(json.dumps(said | {"why": explain(row)}, ensure_ascii=False))
    else:
        where = f"#{number}" if number else ""
        click.echo(f"{row.id:>6}  {row.outcome or 'waiting':<10}  {where:<7}  {found.name}")
