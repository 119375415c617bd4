"""Mail that is due and that nobody woke a worker for."""

from sqlalchemy import Select, func, or_, select

from helpdesk.core.db import db
from helpdesk.core.jobs import has_long_line, wake
from helpdesk.core.kill_points import here
from helpdesk.mail_out.models import DUE, OutboundMail
from helpdesk.mail_out.transport import outgoing_is_off

SEND = "mail_out.send"
BATCH = 500


def sweep_outbox() -> int:
    """Wake a worker for mail that is due and in nobody's hands, oldest first; return for how many.

    Due and lapsed by the database's clock. Nothing while SMTP_URL is empty, while the broker is away,
    or while the workers have enough to do with what it has. Waking twice is harmless: the lease lets
    one through.
    """
    if outgoing_is_off() or has_long_line(SEND):
        return 0
    due = db.session.scalars(due_mail()).all()
    # The broker may take its time; no transaction stays open meanwhile.
    db.session.rollback()
    woken = 0
    for mail_id in due:
        # A broker that does not take one does not take the next: the rows are still there in half a minute.
        if not wake(SEND, mail_id):
            break
        here("sweep.outbox_woken")
        woken += 1
    return woken


def due_mail() -> Select[int]:
    """The ids of a batch of mail that is due, by its index."""
    return (
        select(OutboundMail.id)
        .where(
            DUE,
            OutboundMail.next_try_at <= func.now(),
            or_(OutboundMail.leased_until.is_(None), OutboundMail.leased_until < func.now()),
        )
        .order_by(OutboundMail.next_try_at, OutboundMail.id)
        .limit(BATCH)
    )
