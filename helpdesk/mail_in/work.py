"""What a woken worker does: it reads the mail it was woken for, and then whatever else waits."""

import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, current_app
from sqlalchemy import func, select, update

from helpdesk.core.db import db, transaction
from helpdesk.core.jobs import wake
from helpdesk.core.leases import give_back, so_long
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import READ
from helpdesk.mail_in.story import read_leased, read_mail

TAKEN_AT_ONCE = 16
READERS = 2
BURST_S = 2.0
"""Then other work gets its turn: the worker wakes itself again, behind what waits meanwhile."""


def read_what_waits(inbound_id: int) -> None:
    """Read mail `inbound_id`, then others that nobody has begun, for BURST_S. Its wake-up stands for theirs."""
    began = time.monotonic()
    read_mail(inbound_id)
    while taken := take(TAKEN_AT_ONCE):
        _read_at_once(taken)
        if time.monotonic() - began > BURST_S:
            wake(READ, taken[-1].id)
            return


def take(count: int) -> list[InboundMail]:
    """Lease up to `count` mails at once, of those that have never been begun.

    One that has been begun before may be what ended its worker: it is only ever taken alone, by its own wake-up.
    """
    waiting = (
        select(InboundMail.id)
        .where(InboundMail.outcome.is_(None), InboundMail.attempts == 0, InboundMail.leased_until.is_(None))
        .order_by(InboundMail.next_try_at, InboundMail.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        leased = session.scalars(
            update(InboundMail)
            .where(InboundMail.id.in_(waiting))
            .values(leased_until=func.now() + so_long(current_app.config["LEASE_S"]), attempts=1)
            .returning(InboundMail)
            .execution_options(populate_existing=True)
        )
        return sorted(leased, key=lambda row: row.id)


def _read_at_once(rows: list[InboundMail]) -> None:
    """Read them by READERS threads: while one waits for the database, another works."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.expunge_all()

    def read(part: list[InboundMail]) -> None:
        with app.app_context():
            db.session.add_all(part)
            _read_all(part)

    with ThreadPoolExecutor(READERS) as readers:
        # list() raises what a reader raised, once all have come to their end.
        list(readers.map(read, [rows[at::READERS] for at in range(min(READERS, len(rows)))]))


def _read_all(rows: list[InboundMail]) -> None:
    """Read them in the order in which they came. When the first take long, the others are given back in time."""
    late = time.monotonic() + current_app.config["LEASE_S"] / 2
    leases = [(row, row.id, row.leased_until) for row in rows]
    for row, inbound_id, until in leases:
        if time.monotonic() > late:
            give_back(InboundMail, InboundMail.id == inbound_id, InboundMail.leased_until == until, counts=False)
        else:
            read_leased(row)
    db.session.remove()
