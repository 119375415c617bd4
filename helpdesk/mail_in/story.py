"""From mail to case: the whole story of a mail that came in."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError, OperationalError

from helpdesk.blobs.folder import NoSpace
from helpdesk.blobs.s3 import StoreAway
from helpdesk.blobs.store import Kept, enter, get, keep
from helpdesk.core import logs, tally
from helpdesk.core.db import after_commit, transaction
from helpdesk.core.kill_points import here
from helpdesk.core.leases import give_back, lease
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.content import content_hash
from helpdesk.mail_in.decide import Decision, Letter, decide
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.place import place
from helpdesk.mail_in.storable import storable
from helpdesk.mail_in.writer import writer_of
from helpdesk.mail_reading.mail import Mail
from helpdesk.mail_reading.safely import read_safely

log = logging.getLogger(__name__)
ATTEMPTS_MAX = 5
PAUSE_S = 30
"""Before the second attempt; each further one waits twice as long."""
STORE_PAUSE_S = 10
"""Before the next attempt when the store is away or full: the mail is not to blame, and the attempt does not count."""


class Superseded(Exception):
    """The lease ran out, and the row is somebody else's now."""


def read_mail(inbound_id: int) -> None:
    """Read the mail behind a ledger row and give it its outcome. A row that has one, or is being read, is left."""
    row = lease(InboundMail, inbound_id, InboundMail.outcome.is_(None), seconds=current_app.config["LEASE_S"])
    if row is None:
        return
    here("mail_in.leased")
    held_until = row.leased_until
    logs.bind(trace=row.trace, mail=row.id)
    try:
        raw = get(row.raw_sha256)
        here("mail_in.bytes_got")
        mail = read_safely(raw)
        here("mail_in.was_read")
        finish(reading_of(row, raw, mail))
        here("mail_in.finished")
    except Superseded:
        log.warning("Ledger row %s took too long to read and was taken over", inbound_id)
    except DBAPIError as error:
        # The database is away or was quicker elsewhere: the sweeper comes back.
        ours = (InboundMail.id == inbound_id, InboundMail.leased_until == held_until)
        give_back(InboundMail, *ours, counts=not isinstance(error, OperationalError))
        raise
    except Exception as error:
        log.exception("Ledger row %s could not be read", inbound_id)
        _put_off(row, error, held_until)


@dataclass(frozen=True)
class Reading:
    """A mail that was read, its files durable in the store; `held_until` is the end of the lease it was read under."""

    letter: Letter
    files: list[Kept]
    held_until: datetime | None


def reading_of(row: InboundMail, raw: bytes, mail: Mail) -> Reading:
    """Keep the mail's files, outside any transaction. `row` is as its lease() gave it."""
    held_until = row.leased_until
    logs.bind(trace=row.trace, mail=row.id)
    letter = Letter(row=row, mail=mail, raw=raw, writer=writer_of(mail))
    reading = Reading(letter, [keep(file.content) for file in mail.attachments], held_until)
    here("mail_in.files_kept")
    return reading


@over_again
def finish(reading: Reading, decision: Decision | None = None) -> None:
    """Decide (unless a person has), place the mail, and write the outcome: all of it or nothing.

    Raises Superseded when the lease was lost: a second case would be made.
    """
    letter = reading.letter
    row, raw, mail = letter.row, letter.raw, letter.mail
    with transaction() as session:
        if not _still_held(row, reading.held_until):
            raise Superseded()
        describe(row, raw, mail)
        # The same mail by two doors in the same moment: one goes first, the other then sees it.
        session.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
            {"key": f"{row.queue_id}{row.message_id}{row.content_hash}"},
        )
        session.flush()
        enter(reading.files)
        chosen = decision or decide(letter)
        placed = place(letter, chosen)
        here("mail_in.placed")
        row.outcome, row.rule, row.evidence = chosen.outcome, chosen.rule, {**chosen.saw, **placed.saw}
        row.case_id, row.message_row_id = placed.case_id, placed.message_id
        row.done_at, row.leased_until = func.now(), None
        after_commit(lambda: tell(row))


def tell(row: InboundMail) -> None:
    """Count and log what became of a mail."""
    tally.count("mails_read", row.door, row.outcome or "")
    about = {"trace": row.trace, "mail": row.id, "outcome": row.outcome, "rule": row.rule, "case_id": row.case_id}
    log.info("Mail read", extra={"about": about})


def describe(row: InboundMail, raw: bytes, mail: Mail) -> None:
    """What the ledger shows of a mail, whatever becomes of it."""
    row.message_id = storable(mail.message_id or "")[:998]
    row.content_hash = content_hash(raw)
    row.sender = storable(str(mail.sender or ""))[:700]
    row.subject = storable(mail.subject)[:1000]
    row.problems = storable("\n".join(mail.problems))[:10_000]


def _still_held(row: InboundMail, until: datetime | None) -> bool:
    """Read the row anew and lock it; whether its lease is the one that ends at `until`, and not another's."""
    with transaction() as session:
        session.refresh(row, with_for_update={"of": InboundMail})
        return row.leased_until is not None and row.leased_until == until


def _put_off(row: InboundMail, error: Exception, held_until: datetime | None) -> None:
    """Try again later; after ATTEMPTS_MAX a person sees it in the ledger, with the bytes kept."""
    with transaction():
        if not _still_held(row, held_until):
            return
        row.leased_until = None
        if _is_the_stores(error):
            row.attempts, row.next_try_at = row.attempts - 1, func.now() + timedelta(seconds=STORE_PAUSE_S)
            return
        row.problems = storable(f"{row.problems}\n{type(error).__name__}: {error}".strip())[:10_000]
        row.next_try_at = func.now() + timedelta(seconds=PAUSE_S * 2**row.attempts)
        if row.attempts >= ATTEMPTS_MAX:
            row.outcome, row.rule, row.done_at = "unreadable", "gave_up", func.now()
            row.evidence = {"attempts": row.attempts}


def _is_the_stores(error: Exception) -> bool:
    """Whether the store is in trouble, not the mail. Bytes that it has lost are lost however often we ask."""
    return isinstance(error, NoSpace | StoreAway | OSError) and not isinstance(error, FileNotFoundError)
