"""Finding mail that nobody woke a worker for: the broker was away, or a worker died."""

from datetime import timedelta
from functools import partial

from flask import current_app
from sqlalchemy import func, or_, select, update

from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.jobs import has_long_line, wake
from helpdesk.core.kill_points import here
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import READ
from helpdesk.mail_in.story import ATTEMPTS_MAX, tell

BATCH = 500
BATCHES_MAX = 4
SETTLED = 1 / 3
"""A row younger than this has most likely just been told to the broker. In rounds of the sweeper."""
PATIENCE = 1 / 2
"""How long a woken row is left to the worker before it is woken again: the broker may have lost it. In rounds."""


def sweep_inbound() -> int:
    """Wake a worker for the mails that are due, oldest first; how many there were.

    None while the broker is away, or while the workers have enough to do with what it has.
    """
    give_up_on_killers()
    woken = 0
    if has_long_line(READ):
        return woken
    for _ in range(BATCHES_MAX):
        due = _due()
        told = [inbound_id for inbound_id in due if wake(READ, inbound_id)]
        if told:
            here("sweep.inbound_woken")
        with transaction() as session:
            session.execute(
                update(InboundMail)
                .where(InboundMail.id.in_(told), InboundMail.outcome.is_(None))
                .values(next_try_at=func.now() + _rounds(PATIENCE))
            )
        if told:
            here("sweep.inbound_noted")
        woken += len(told)
        if len(told) < BATCH:
            break
    return woken


def give_up_on_killers() -> None:
    """Put mail whose reading ended its worker again and again before a person: unreadable, its bytes kept."""
    in_nobodys_hands = or_(InboundMail.leased_until.is_(None), InboundMail.leased_until < func.now())
    with transaction() as session:
        given_up = session.scalars(
            update(InboundMail)
            .where(InboundMail.outcome.is_(None), InboundMail.attempts >= ATTEMPTS_MAX, in_nobodys_hands)
            .values(
                outcome="unreadable",
                rule="gave_up",
                evidence=func.jsonb_build_object("attempts", InboundMail.attempts),
                done_at=func.now(),
                leased_until=None,
            )
            .returning(InboundMail)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        for row in given_up.all():
            after_commit(partial(tell, row))


def _due() -> list[int]:
    query = (
        select(InboundMail.id)
        .where(
            InboundMail.outcome.is_(None),
            InboundMail.next_try_at <= func.now() - _rounds(SETTLED),
            or_(InboundMail.leased_until.is_(None), InboundMail.leased_until < func.now()),
        )
        .order_by(InboundMail.next_try_at, InboundMail.id)
        .limit(BATCH)
    )
    ids = list(db.session.scalars(query))
    db.session.rollback()
    return ids


def _rounds(number: float) -> timedelta:
    return timedelta(seconds=number * current_app.config["SWEEP_S"])
