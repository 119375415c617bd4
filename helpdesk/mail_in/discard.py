"""Discarding a mail with a reason, and taking that back. Its bytes stay."""

from sqlalchemy import func

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.core.db import transaction
from helpdesk.mail_in.errors import NeedsAReason, TakenMeanwhile
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.retry import hold

RULE = "discarded_by_person"
REASON_MAX = 500


def discard(row: InboundMail, reason: str, by: Agent) -> None:
    """Refuse the mail for `reason`. Raises NeedsAReason, and as hold() does."""
    reason = " ".join(reason.split())[:REASON_MAX]
    if not reason:
        raise NeedsAReason()
    with transaction():
        hold(row)
        before = {"outcome": row.outcome, "rule": row.rule, "evidence": row.evidence}
        note(by, "discarded", "inbound_mail", row.id, {"outcome": [row.outcome, "refused"], "reason": ["", reason]})
        row.evidence = {"reason": reason, "by": by.name, "before": before}
        row.outcome, row.rule, row.done_at, row.leased_until = "refused", RULE, func.now(), None


def undiscard(row: InboundMail, by: Agent) -> None:
    """Give a discarded mail back what it was before. Raises TakenMeanwhile if it is discarded no more."""
    if row.rule != RULE:
        raise TakenMeanwhile()
    with transaction():
        hold(row)
        before = row.evidence["before"]
        note(by, "undiscarded", "inbound_mail", row.id, {"outcome": [row.outcome, before["outcome"]]})
        row.outcome, row.rule, row.evidence = before["outcome"], before["rule"], before["evidence"]
        row.leased_until, row.next_try_at = None, func.now()
