"""The way into the outbox."""

from collections.abc import Iterator
from dataclasses import asdict

from helpdesk.core import logs
from helpdesk.core.db import transaction
from helpdesk.core.jobs import later
from helpdesk.core.kill_points import here
from helpdesk.mail_out.errors import NobodyToSendTo
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.models import OutboundMail, Recipient
from helpdesk.mail_out.plain import clean_text, one_line

NAME_MAX, SUBJECT_MAX = 300, 1000


def put_in_outbox(letter: Letter) -> OutboundMail:
    """Keep `letter` as a row with one row a recipient, and wake a worker once that is durable.

    Joins the caller's transaction: an answer and its mail are there together or not at all. An address that stands in
    To and Cc gets one mail. Raises NobodyToSendTo; an address that cannot be one is told by its recipient's row later.
    """
    recipients = list(_recipients(letter))
    if not recipients:
        raise NobodyToSendTo()
    with transaction() as session:
        mail = OutboundMail(
            case_id=letter.case_id,
            kind=letter.kind,
            message_id=letter.message_id,
            from_name=one_line(letter.from_name, NAME_MAX),
            from_address=letter.from_address,
            reply_to=letter.reply_to,
            subject=one_line(letter.subject, SUBJECT_MAX),
            text=clean_text(letter.text),
            html=clean_text(letter.html),
            in_reply_to=letter.in_reply_to,
            references=list(letter.references),
            attachments=[asdict(file) for file in letter.files],
            automatic=letter.automatic,
            created_by_id=letter.created_by_id,
            trace=logs.trace(),
            recipients=recipients,
        )
        session.add(mail)
        session.flush()
        here("mail_out.row_inserted")
        later("mail_out.send", mail.id)
    return mail


def _recipients(letter: Letter) -> Iterator[Recipient]:
    seen = set()
    for role, people in (("to", letter.to), ("cc", letter.cc)):
        for name, address in people:
            if address.lower() not in seen:
                seen.add(address.lower())
                yield Recipient(role=role, name=one_line(name, NAME_MAX), address=address)
