"""Commands about outgoing mail; they stand in the group `flask mail`."""

import secrets
from typing import Any

import click
from flask import current_app

from helpdesk.core.commands import in_plain_words, print_rows
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_out.address import is_address
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.listing import VIEWS, every_mail, mail_by_id
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.outbox import put_in_outbox
from helpdesk.mail_out.send import send_mail
from helpdesk.mail_out.transport import outgoing_is_off


class NotSent(HelpdeskError):
    """The test mail did not leave."""

    code = "not_sent"


@click.command("outbox")
@click.option("--show", type=click.Choice([*VIEWS]), help="Only these; default: all.")
@click.option("--limit", type=click.IntRange(1), help="At most so many. Default: all, or the newest 50 without --json.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@in_plain_words
def outbox(show: str | None, limit: int | None, as_json: bool) -> None:
    """What left, what waits and why. Newest first."""
    mails = every_mail(show, limit or (None if as_json else 50))
    if as_json:
        for mail in mails:
            print_rows([_described(mail)], as_json)
    else:
        print_rows((_for_people(mail) for mail in mails), as_json)


@click.command("test")
@click.option("--to", required=True, metavar="ADDRESS", help="Where the test mail goes.")
@click.option("--from", "sender", metavar="ADDRESS", help="Who it is from. Default: support@ MAIL_DOMAIN.")
@in_plain_words
def test(to: str, sender: str | None) -> None:
    """Send a mail now and say what the outgoing server answers: whether SMTP_URL is right."""
    domain = current_app.config["MAIL_DOMAIN"]
    sender = sender or f"support@{domain}"
    for address in (to, sender):
        if not is_address(address):
            raise NotSent(_l("“%(address)s” is not an e-mail address.", address=address))
    if outgoing_is_off():
        raise NotSent(_l("SMTP_URL is empty, so outgoing mail is switched off."))
    letter = Letter(
        kind="test",
        from_name=current_app.config["COMPANY_NAME"],
        from_address=sender,
        to=(("", to),),
        subject="Test",
        text="If you read this, outgoing mail works.\n",
        message_id=f"<test.{secrets.token_hex(16)}@{domain}>",
    )
    mail_id = put_in_outbox(letter).id
    send_mail(mail_id)
    db.session.expire_all()
    mail = mail_by_id(mail_id)
    if mail.state != "sent":
        raise NotSent(
            mail.problem or _l("A worker is sending it right now; flask mail outbox shows what becomes of it.")
        )
    click.echo(f"Sent to {to}: {mail.recipients[0].answer}")


def _described(mail: OutboundMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "written_at": mail.created_at.isoformat(),
        "kind": mail.kind,
        "state": mail.state,
        "problem": mail.problem or None,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "attempts": mail.attempts,
        "resent": mail.resent,
        "next_try_at": mail.next_try_at.isoformat() if mail.state in ("delayed", "uncertain") else None,
        "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
        "recipients": [
            {"address": one.address, "role": one.role, "state": one.state, "answer": one.answer or None}
            for one in mail.recipients
        ],
    }


def _for_people(mail: OutboundMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "written": f"{mail.created_at:%Y-%m-%d %H:%M}",
        "state": mail.state,
        "to": ", ".join(recipient.address for recipient in mail.recipients),
        "subject": mail.subject[:60],
        "problem": mail.problem,
    }
