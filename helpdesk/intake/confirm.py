"""Telling a customer that their inquiry is here, with its number."""

from datetime import timedelta

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import transaction
from helpdesk.core.i18n import _
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.models import SentConfirmation
from helpdesk.mail_out.outbox import put_in_outbox
from helpdesk.mail_out.reply_tokens import new_message_id, reply_address


def confirm(case: Case, language: str) -> bool:
    """Put a confirmation in the outbox, in the caller's transaction; whether one goes out.

    It repeats nothing that was typed, not even the name: anybody can type anybody's address, and our mail must not
    carry their words. For the same reason an address gets one in CONFIRMATION_EVERY_S, whatever the number of forms.
    """
    address = case.from_address
    if not case.queue.confirms or _is_ours(address) or not _is_due(address):
        return False
    company = current_app.config["COMPANY_NAME"]
    with force_locale(language):
        subject = _("We have received your inquiry [#%(number)s]", number=case.number)
        text = _(
            "Hello,\n\nthank you for writing to us. Your inquiry has the number %(number)s, and one of us will answer "
            "it.\n\nIf you want to add something, just reply to this mail.\n\nDid you not write to us? Then somebody "
            "typed your address by mistake, and you need do nothing.\n\n%(company)s\n",
            number=case.number,
            company=company,
        )
    put_in_outbox(
        Letter(
            kind="confirmation",
            case_id=case.id,
            from_name=company,
            from_address=case.queue.address,
            reply_to=reply_address(case.queue.address, case.id, address) if case.queue.plus_addresses else "",
            to=(("", address),),
            subject=subject,
            text=text,
            automatic=True,
            message_id=new_message_id(case.id, address),
        )
    )
    return True


def _is_ours(address: str) -> bool:
    """A confirmation to one of our own queues would come back to us."""
    with transaction() as session:
        return session.scalar(select(Queue.id).where(Queue.address == address)) is not None


def _is_due(address: str) -> bool:
    """Whether this address may have one now; two forms at the same moment: the database lets one through."""
    every = timedelta(seconds=current_app.config["CONFIRMATION_EVERY_S"])
    with transaction() as session:
        mine = insert(SentConfirmation).values(address=address, at=func.now())
        won = session.execute(
            mine.on_conflict_do_update(
                index_elements=["address"],
                set_={"at": func.now()},
                where=SentConfirmation.at <= func.now() - every,
            ).returning(SentConfirmation.address)
        )
        return won.scalar_one_or_none() is not None
