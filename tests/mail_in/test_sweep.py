"""The row is the truth: mail that nobody woke a worker for is found."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.blobs.store import get
from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db, transaction
from helpdesk.core.leases import lease
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import ATTEMPTS_MAX, Superseded, finish, read_mail, reading_of
from helpdesk.mail_in.sweep import sweep_inbound
from helpdesk.mail_reading.safely import read_safely
from tests.letters import letter


def make_older() -> None:
    with transaction() as session:
        session.execute(update(InboundMail).values(next_try_at=InboundMail.next_try_at - timedelta(minutes=1)))


def test_mail_that_nobody_woke_is_found_once_it_is_due(app: Flask, queue: Queue) -> None:
    row = receive(letter(), Delivery("pipe", queue))
    assert sweep_inbound() == 0
    make_older()
    assert sweep_inbound() == 1
    read_mail(row.id)
    assert sweep_inbound() == 0


def test_a_mail_that_ends_its_worker_again_and_again_is_put_before_a_person(queue, app):
    row = receive(b"Subject: poison\r\n\r\nx\r\n", Delivery("lmtp", queue))
    alive = receive(b"Subject: being read\r\n\r\nx\r\n", Delivery("lmtp", queue))
    with transaction() as session:
        long_ago = func.now() - timedelta(seconds=1)
        session.execute(update(InboundMail).values(attempts=ATTEMPTS_MAX, leased_until=long_ago))
        session.execute(
            update(InboundMail).where(InboundMail.id == alive.id).values(leased_until=func.now() + timedelta(minutes=1))
        )
    sweep_inbound()
    db.session.refresh(row)
    db.session.refresh(alive)
    assert (row.outcome, row.rule, row.evidence) == ("unreadable", "gave_up", {"attempts": ATTEMPTS_MAX})
    assert get(row.raw_sha256).startswith(b"Subject: poison")
    assert alive.outcome is None


def test_two_mails_that_end_their_workers_are_both_put_before_a_person(queue: Queue, app: Flask) -> None:
    for n in (1, 2):
        receive(b"Subject: poison %d\r\n\r\nx\r\n" % n, Delivery("lmtp", queue))
    with transaction() as session:
        session.execute(update(InboundMail).values(attempts=ATTEMPTS_MAX))
    sweep_inbound()
    assert list(db.session.scalars(select(InboundMail.outcome))) == ["unreadable", "unreadable"]


def test_a_reader_whose_lease_ran_out_makes_no_second_case(queue: Queue, app: Flask) -> None:
    row = receive(letter(), Delivery("pipe", queue))
    slow = lease(InboundMail, row.id, seconds=0)
    raw = get(slow.raw_sha256)
    held_until = slow.leased_until
    read_mail(row.id)
    db.session.rollback()
    set_committed_value(slow, "leased_until", held_until)
    with pytest.raises(Superseded):
        finish(reading_of(slow, raw, read_safely(raw)))
    assert len(db.session.scalars(select(Case)).all()) == 1
    assert db.session.get_one(InboundMail, row.id, populate_existing=True).outcome == "new_case"
