"""Taking a mail in: its bytes and its row are durable before anybody is told yes."""

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.blobs.store import Kept, enter, keep
from helpdesk.cases.models import Queue
from helpdesk.core import logs
from helpdesk.core.db import after_commit, transaction
from helpdesk.core.fast import Fast, together
from helpdesk.core.jobs import later
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again
from helpdesk.core.rows import as_loaded
from helpdesk.mail_in.models import InboundMail, Mailbox

READ = "mail_in.read"
log = logging.getLogger(__name__)
WAKES = 16
"""So many wake-ups that no worker has taken yet are enough for all of them: each reads whatever waits."""
BROUGHT = ("door", "queue_id", "mailbox_id", "uidvalidity", "uid", "envelope_from", "envelope_to")
KEPT = ("raw_sha256", "size", "trace")
ENTER = Fast(insert(InboundMail).on_conflict_do_nothing().returning(InboundMail.id), BROUGHT + KEPT)


@dataclass(frozen=True)
class Delivery:
    """How a mail came: by which door, for which queue, in which envelope, from which place in which mailbox.

    `envelope_from` is None where the door has no envelope, and empty for the null sender (RFC 5321, 4.5.5).
    """

    door: str
    queue: Queue
    envelope_from: str | None = None
    envelope_to: str = ""
    mailbox: Mailbox | None = None
    uidvalidity: int | None = None
    uid: int | None = None


def receive(raw: bytes, delivery: Delivery) -> InboundMail:
    """Keep the mail and have a worker read it. A mail fetched from the same place before gives the row of then.

    When this returns, the mail survives a power cut. Raises NoSpace, and the database's errors: the caller then says
    451, 75 or nothing, and the mail stays where it was.
    """
    return enter_in_ledger(keep(raw), delivery)


@over_again
def enter_in_ledger(kept: Kept, delivery: Delivery) -> InboundMail:
    """The row of a mail whose bytes are durable already; joins the caller's transaction. See receive()."""
    brought = _brought(kept, delivery)
    with transaction() as session, together():
        enter([kept])
        given = ENTER(**brought).fetchone()
        if given is None:
            return session.execute(
                select(InboundMail).where(
                    InboundMail.mailbox_id == brought["mailbox_id"],
                    InboundMail.uidvalidity == brought["uidvalidity"],
                    InboundMail.uid == brought["uid"],
                )
            ).scalar_one()
        row = InboundMail(id=given[0], **brought)
        as_loaded(row)
        here("mail_in.row_inserted")
        after_commit(lambda: here("mail_in.row_committed"))
        later(READ, row.id, enough=WAKES)
        after_commit(lambda: tell(row))
    return row


def _brought(kept: Kept, delivery: Delivery) -> dict[str, Any]:
    sender = delivery.envelope_from
    return {
        "door": delivery.door,
        "queue_id": delivery.queue.id,
        "mailbox_id": delivery.mailbox.id if delivery.mailbox else None,
        "uidvalidity": delivery.uidvalidity,
        "uid": delivery.uid,
        "envelope_from": None if sender is None else sender[:320],
        "envelope_to": delivery.envelope_to[:320],
        "raw_sha256": kept.sha256,
        "size": kept.size,
        "trace": logs.new_trace(),
    }


def tell(row: InboundMail) -> None:
    """Log that a mail is ours now."""
    about = {"trace": row.trace, "mail": row.id, "door": row.door, "mailbox": row.mailbox_id, "size": row.size}
    log.info("Mail taken in", extra={"about": about})
