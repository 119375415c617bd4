"""From mail to case: the whole story of a mail that came in."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Text, bindparam, func, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.blobs.errors import NoSpace, StoreAway
from helpdesk.blobs.store import Kept, enter, get, keep
from helpdesk.core import logs, tally
from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.fast import Fast, together
from helpdesk.core.kill_points import here
from helpdesk.core.leases import give_back, lease
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.content import content_hash
from helpdesk.mail_in.decide import Decision, Letter, decide
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.place import Placed, place
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
HELD = Fast(
    select(
        InboundMail.leased_until,
        func.pg_advisory_xact_lock(func.hashtextextended(bindparam("alone_with", type_=Text), 0)),
    )
    .where(InboundMail.id == bindparam("id"))
    .with_for_update()
)
WRITTEN_DOWN = ("message_id", "content_hash", "sender", "subject", "problems")
CHOSEN = ("outcome", "rule", "evidence", "case_id", "message_row_id")
DONE = Fast(
    update(InboundMail)
    .where(InboundMail.id == bindparam("row_id"))
    .values(done_at=func.now(), leased_until=None, **{name: bindparam(name) for name in WRITTEN_DOWN + CHOSEN})
)


class Superseded(Exception):
    """The lease ran out, and the row is somebody else's now."""


def read_mail(inbound_id: int) -> None:
    """Read the mail behind a ledger row and give it its outcome. A row that has one, or is being read, is left."""
    may_be_read = (InboundMail.outcome.is_(None), InboundMail.attempts < ATTEMPTS_MAX)
    row = lease(InboundMail, inbound_id, *may_be_read, seconds=current_app.config["LEASE_S"])
    if row is not None:
        read_leased(row)


def read_leased(row: InboundMail) -> None:
    """As read_mail(), for a row whose lease the caller has taken."""
    here("mail_in.leased")
    inbound_id = row.id
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
    letter = Letter(row=row, mail=mail, raw=raw, writer=writer_of(mail), content_hash=content_hash(raw))
    reading = Reading(letter, [keep(file.content) for file in mail.attachments], held_until)
    here("mail_in.files_kept")
    return reading


@over_again
def finish(reading: Reading, decision: Decision | None = None) -> None:
    """Decide (unless a person has), place the mail, and write the outcome: all of it or nothing.

    Raises Superseded when the lease was lost: a second case would be made.
    """
    letter = reading.letter
    row = letter.row
    with transaction(), together():
        # The same mail by two doors in the same moment: one goes first, the other then sees it.
        alone_with = f"{row.queue_id}{letter.message_id}{letter.content_hash}"
        if not _still_held(row, reading.held_until, alone_with=alone_with):
            raise Superseded()
        enter(reading.files)
        chosen = decision or decide(letter)
        placed = place(letter, chosen)
        here("mail_in.placed")
        _write_down(letter, chosen, placed)
        after_commit(lambda: tell(row))


def tell(row: InboundMail) -> None:
    """Count and log what became of a mail."""
    tally.count("mails_read", row.door, row.outcome or "")
    about = {"trace": row.trace, "mail": row.id, "outcome": row.outcome, "rule": row.rule, "case_id": row.case_id}
    log.info("Mail read", extra={"about": about})


def _write_down(letter: Letter, chosen: Decision, placed: Placed) -> None:
    """What the ledger shows of the mail and of what became of it."""
    values: dict[str, Any] = {
        "message_id": letter.message_id,
        "content_hash": letter.content_hash,
        "sender": storable(str(letter.mail.sender or ""))[:700],
        "subject": storable(letter.mail.subject)[:1000],
        "problems": storable("\n".join(letter.mail.problems))[:10_000],
        "outcome": chosen.outcome,
        "rule": chosen.rule,
        "evidence": {**chosen.saw, **placed.saw},
        "case_id": placed.case_id,
        "message_row_id": placed.message_id,
    }
    DONE(row_id=letter.row.id, **values)
    for name, value in {**values, "leased_until": None}.items():
        set_committed_value(letter.row, name, value)
    db.session.expire(letter.row, ["done_at"])


def _still_held(row: InboundMail, until: datetime | None, *, alone_with: str = "") -> bool:
    """Lock the row; whether its lease is the one that ends at `until`, and not another's.

    Whoever else asks with the same `alone_with` waits for the end of the transaction.
    """
    with transaction():
        leased_until, _nothing = HELD.one(id=row.id, alone_with=alone_with or str(row.id))
    return leased_until is not None and leased_until == until


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
            after_commit(lambda: tell(row))


def _is_the_stores(error: Exception) -> bool:
    """Whether the store is in trouble, not the mail. Bytes that it has lost are lost however often we ask."""
    return isinstance(error, NoSpace | StoreAway | OSError) and not isinstance(error, FileNotFoundError)
