"""A person's yes to a mail that was held, or that the rules left out: onto a case after all."""

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent
from helpdesk.blobs.store import get
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from helpdesk.core.leases import give_back
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.decide import Decision
from helpdesk.mail_in.errors import OnACase
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.retry import hold
from helpdesk.mail_in.story import Reading, finish, reading_of
from helpdesk.mail_reading.safely import read_safely

RULE = "let_in_by_person"
MAY_COME_IN = ("held", "unreadable", "refused", "automatic", "bounce")


def let_in(row: InboundMail, by: Agent, case: Case | None = None) -> InboundMail:
    """Put the mail on `case`, or make a case of it. Whoever was quicker wins: raises as hold() does."""
    if row.outcome not in MAY_COME_IN:
        raise OnACase()
    held = hold(row)
    ours = (InboundMail.id == held.id, InboundMail.leased_until == held.leased_until)
    try:
        raw = get(held.raw_sha256)
        reading = reading_of(held, raw, read_safely(raw))
        _finish(reading, Decision("appended" if case else "new_case", RULE, case, {"by": by.name}), by)
    except BaseException:
        give_back(InboundMail, *ours, seconds=0)
        raise
    return held


@over_again
def _finish(reading: Reading, decision: Decision, by: Agent) -> None:
    row = reading.letter.row
    with transaction():
        before = row.outcome
        finish(reading, decision)
        note(by, "let_in", "inbound_mail", row.id, {"outcome": [before, row.outcome]})
