"""Commands about cases: for scripts, and for people without a browser."""

from collections.abc import Iterator
from typing import Any, TextIO

import click
from flask.cli import AppGroup
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases import claim as claiming
from helpdesk.cases import close as closing
from helpdesk.cases.answer import Draft
from helpdesk.cases.answer import answer as send_answer
from helpdesk.cases.describe import summary, whole
from helpdesk.cases.models import STATUSES, Case, Queue
from helpdesk.cases.queue import every_case
from helpdesk.cases.thread import thread
from helpdesk.core.commands import in_plain_words, print_rows
from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed, NotFound

cases = AppGroup("cases", help="Cases: list, show, claim, answer, close, reopen.")

NUMBER = click.argument("number", type=click.IntRange(1))
BY = click.option("--by", "email", required=True, metavar="EMAIL", help="The agent who does it.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def agent_called(email: str) -> Agent:
    """The agent with this address, who may answer. Raises NotFound, NotAllowed."""
    agent = db.session.scalar(select(Agent).where(Agent.email == email.strip().lower()))
    if agent is None:
        raise NotFound(f"There is no agent with the address {email}.")
    if not agent.may_answer:
        raise NotAllowed(f"{agent.name} may not change cases.")
    return agent


@cases.command("list")
@click.option("--status", type=click.Choice(["unclosed", "all", *STATUSES]), default="unclosed", show_default=True)
@click.option("--queue", "slug", help="Only this queue (the last part of its address on the web).")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@JSON
@in_plain_words
def list_cases(status: str, slug: str | None, limit: int | None, as_json: bool) -> None:
    """Cases, oldest first: those that are not closed, unless --status says otherwise."""
    queue = db.session.scalar(select(Queue).where(Queue.slug == slug)) if slug else None
    if slug and queue is None:
        raise NotFound(f"There is no queue {slug}.")
    statuses = {"unclosed": ("open", "waiting"), "all": STATUSES}.get(status, (status,))
    rows = (summary(case) for case in every_case(statuses, queue, limit))
    print_rows(rows if as_json else _for_people(rows), as_json)


@cases.command("show")
@NUMBER
@JSON
@in_plain_words
def show_case(number: int, as_json: bool) -> None:
    """One case with its messages and events. A merged case leads to the one that has them."""
    case = _case(number)
    described = whole(case, thread(case, everything=True))
    if as_json:
        print_rows([described], as_json)
        return
    click.secho(f"#{case.number} {case.subject}", bold=True)
    print_rows(_for_people(iter([described])), as_json)
    for message in described["messages"]:
        sender = message["from"]
        click.secho(f"\n{message['direction']}  {sender['name']} <{sender['email']}>  {message['at']}", fg="cyan")
        click.echo(message["text"])
        for file in message["attachments"]:
            click.echo(f"  [{file['filename']}, {file['size']} bytes]")


@cases.command("claim")
@NUMBER
@BY
@in_plain_words
def claim_case(number: int, email: str) -> None:
    """Make the case this agent's."""
    agent = agent_called(email)
    claiming.claim(_case(number), by=agent)
    click.echo(f"#{number} is {agent.name}'s.")


@cases.command("close")
@NUMBER
@BY
@in_plain_words
def close_case(number: int, email: str) -> None:
    """Close the case: it leaves the list."""
    closing.close(_case(number), by=agent_called(email))
    click.echo(f"#{number} is closed.")


@cases.command("reopen")
@NUMBER
@BY
@in_plain_words
def reopen_case(number: int, email: str) -> None:
    """Put the case back into the list."""
    closing.reopen(_case(number), by=agent_called(email))
    click.echo(f"#{number} is open again.")


@cases.command("answer")
@NUMBER
@BY
@click.option("--text-file", type=click.File("r", encoding="utf-8"), required=True, help="The answer; - reads it here.")
@click.option("--cc", default="", help="Further addresses, separated by commas.")
@click.option("--close", "then_close", is_flag=True, help="Close the case after it.")
@in_plain_words
def answer_case(number: int, email: str, text_file: TextIO, cc: str, then_close: bool) -> None:
    """Answer the customer. What stood on the case when the command began counts as read."""
    case, agent = _case(number), agent_called(email)
    draft = Draft(text=text_file.read(), seen=case.last_event_id, cc=cc, then_close=then_close)
    message = send_answer(case, draft, by=agent)
    to = ", ".join(address for _name, address in message.to)
    click.echo(f"#{number}: the answer to {to} is in the outbox.")


def _case(number: int) -> Case:
    case = db.session.scalar(select(Case).where(Case.number == number))
    while case is not None and case.merged_into is not None:
        case = case.merged_into
    if case is None:
        raise NotFound(f"There is no case #{number}.")
    return case


def _for_people(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        customer = row["customer"]
        yield {
            "number": f"#{row['number']}",
            "status": row["status"],
            "queue": row["queue"],
            "owner": row["owner"] or "",
            "customer": customer["name"] or customer["email"] or "",
            "waiting since": row["waiting_since"][:16].replace("T", " "),
            "subject": row["subject"][:60],
        }
