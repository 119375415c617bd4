"""Running a mail again: it is read and decided upon as if it had just come."""

from sqlalchemy import func

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.core.jobs import later
from helpdesk.core.leases import lease
from helpdesk.mail_in.errors import NotKeptWhole, OnACase, TakenMeanwhile
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import READ

HOLD_S = 120


def hold(row: InboundMail) -> InboundMail:
    """Take the row for ourselves while it is changed.

    Raises OnACase, NotKeptWhole for a mail of which there is only the head, and TakenMeanwhile.
    """
    if not row.is_free:
        raise OnACase()
    if row.rule == "too_large":
        raise NotKeptWhole()
    held = lease(
        InboundMail,
        row.id,
        InboundMail.message_row_id.is_(None),
        InboundMail.outcome.is_not_distinct_from(row.outcome),
        seconds=HOLD_S,
    )
    if held is None:
        raise TakenMeanwhile()
    return held


def retry(row: InboundMail, by: Agent | None) -> None:
    """Have a worker read the mail anew; what was decided of it is forgotten. Raises as hold() does."""
    with transaction():
        hold(row)
        change = {"outcome": [row.outcome, None]}
        row.outcome, row.rule, row.evidence, row.case_id, row.done_at = None, "", {}, None, None
        row.attempts, row.leased_until, row.next_try_at = 0, None, func.now()
        note(by, "retried", "inbound_mail", row.id, change)
        later(READ, row.id)
