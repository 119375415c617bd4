"""One wake-up stands for whatever waits: fewer messages to the broker, and no mail that waits for its own."""

from datetime import timedelta

import pytest
import redis
from flask import Flask
from sqlalchemy import func, select, update

from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from helpdesk.mail_in import work
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import READ, WAKES, Delivery, receive
from helpdesk.mail_in.story import ATTEMPTS_MAX
from helpdesk.mail_in.work import TAKEN_AT_ONCE, read_what_waits, take
from tests.letters import letter


@pytest.fixture
def broker(app: Flask) -> redis.Redis:
    client = redis.Redis.from_url(app.config["REDIS_URL"])
    client.delete("mail_in")
    return client


@pytest.fixture
def waiting(queue: Queue) -> list[int]:
    """The ledger rows of more mails than are taken at once."""
    return [receive(letter(subject=f"Matter {n}"), Delivery("pipe", queue)).id for n in range(TAKEN_AT_ONCE + 3)]


def outcomes() -> list[str | None]:
    db.session.rollback()
    return list(db.session.scalars(select(InboundMail.outcome).order_by(InboundMail.id)))


def change(inbound_id: int, **values: object) -> None:
    with transaction() as session:
        session.execute(update(InboundMail).where(InboundMail.id == inbound_id).values(**values))


def test_a_worker_that_is_woken_once_reads_everything(waiting: list[int]) -> None:
    read_what_waits(waiting[4])
    assert outcomes() == ["new_case"] * len(waiting)


def test_mail_that_has_been_begun_before_is_never_taken_with_others(waiting: list[int]) -> None:
    """What ended its worker would end it again, with its neighbours' attempts."""
    killer = waiting[2]
    change(killer, attempts=1)
    read_what_waits(waiting[0])
    assert [at for at, outcome in enumerate(outcomes()) if outcome is None] == [2]
    read_what_waits(killer)
    assert outcomes() == ["new_case"] * len(waiting)


def test_mail_that_somebody_holds_is_left_to_them(waiting: list[int]) -> None:
    change(waiting[1], attempts=1, leased_until=func.now() + timedelta(seconds=60))
    read_what_waits(waiting[0])
    assert [at for at, outcome in enumerate(outcomes()) if outcome is None] == [1]


def test_two_workers_take_different_mails(waiting: list[int]) -> None:
    first, second = take(5), take(TAKEN_AT_ONCE)
    ids = [row.id for row in (*first, *second)]
    assert sorted(ids) == waiting
    assert [row.attempts for row in first] == [1] * 5
    assert take(5) == []


def test_what_would_be_begun_too_late_is_given_back_as_it_was(
    app: Flask, waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "LEASE_S", 0)
    work._read_all(take(3))
    db.session.rollback()
    rows = db.session.execute(select(InboundMail.outcome, InboundMail.attempts, InboundMail.leased_until)).all()
    assert set(rows) == {(None, 0, None)}


def test_after_a_while_other_work_gets_its_turn_and_the_rest_is_woken_for(
    waiting: list[int], broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.delete("mail_in")
    monkeypatch.setattr(work, "BURST_S", 0.0)
    read_what_waits(waiting[0])
    assert outcomes().count(None) == len(waiting) - 1 - TAKEN_AT_ONCE
    assert broker.llen("mail_in") == 1


def test_the_broker_is_told_no_more_than_it_takes_to_wake_every_worker(queue: Queue, broker: redis.Redis) -> None:
    for n in range(WAKES + 5):
        receive(letter(subject=f"Matter {n}"), Delivery("pipe", queue))
    assert broker.llen("mail_in") == WAKES
    assert READ.encode() in broker.lrange("mail_in", 0, 0)[0]


def test_mail_that_has_had_all_its_attempts_is_not_begun_again_by_a_late_wake_up(waiting: list[int]) -> None:
    change(waiting[0], attempts=ATTEMPTS_MAX)
    read_what_waits(waiting[0])
    db.session.rollback()
    row = db.session.get_one(InboundMail, waiting[0])
    assert (row.outcome, row.attempts) == (None, ATTEMPTS_MAX)
