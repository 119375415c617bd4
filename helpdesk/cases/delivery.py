"""What became of a mail that left, written in the journal of its case."""

from typing import Any

from sqlalchemy import func, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.events import record
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, Message
from helpdesk.core.db import transaction
from helpdesk.mail_out.by_hand import ByHand
from helpdesk.mail_out.models import OutboundMail


def note_sent(mail: OutboundMail) -> None:
    """Everybody who could get it has it."""
    _note(mail, "sent", resent=mail.resent)


def note_delayed(mail: OutboundMail) -> None:
    """It did not work this time; it is tried again by itself."""
    _note(mail, "delayed")


def note_failed(mail: OutboundMail) -> None:
    """A recipient will not get it. A case that waits for an answer to it, or rests, is its owner's to look at again."""
    _note(mail, "failed", failed=[each.address for each in mail.recipients if each.state == "failed"])


def note_discarded(act: ByHand) -> None:
    """Somebody decided that it is not to be sent."""
    _note(act.mail, "discarded", by=act.by)


def _note(mail: OutboundMail, kind: str, *, by: Agent | None = None, **data: Any) -> None:
    with transaction() as session:
        message = session.scalar(select(Message).where(Message.outbound_id == mail.id))
        case = session.get(Case, message.case_id if message else mail.case_id or 0)
        if case is None:
            return
        case = locked(case, follow_merge=True)
        if kind == "failed" and mail.kind == "answer" and case.status in ("waiting", "closed"):
            data["reopened"] = case.status == "closed"
            case.status, case.closed_at = "open", None
            case.waiting_since = session.scalars(select(func.now())).one()
        record(case, kind, by=by, message=message, mail_id=mail.id, trouble=mail.trouble, **data)
