"""Each part of a running desk is taken away: intake stays honest, nothing acknowledged is lost, work resumes."""

import os
import signal
import smtplib
import threading
import time
from collections.abc import Callable
from itertools import count

import pytest
import redis

import config
from helpdesk.mail_in import sweep
from helpdesk.mail_reading.caps import MAX_WALL_S
from tests.faults.conftest import BEAT, DOOR, WORKER, OwnDesk
from tests.letters import letter
from tests.stack import eventually

NORA, SUPPORT = "nora@example.net", "support@desk.example"
RETURN_S = 60
"""Within so many seconds of a part's return work resumes; all settings here are shorter, so mostly at once."""
numbers = count(1)


@pytest.fixture(autouse=True)
def desk(own_desk: OwnDesk) -> OwnDesk:
    if not own_desk.valkey.is_running():
        own_desk.start_valkey()
    eventually(lambda: try_to_send(own_desk, "warm"), within_s=60, every_s=0.2)
    eventually(lambda: unread(own_desk) == 0, within_s=60, every_s=0.2)
    return own_desk


def try_to_send(desk: OwnDesk, name: str) -> bool:
    """Post one mail by SMTP; whether it was acknowledged."""
    try:
        with smtplib.SMTP("127.0.0.1", desk.stack.smtp_port, timeout=30) as client:
            raw = letter("Words", subject=name, message_id=f"<{name}-{next(numbers)}@fjordlys.example>")
            client.sendmail(NORA, [SUPPORT], raw)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def unread(desk: OwnDesk) -> int:
    return desk.ask("select count(*) from inbound_mails where outcome is null")[0][0]


def cases_named(desk: OwnDesk, name: str) -> int:
    return desk.ask(f"select count(*) from cases where subject = '{name}'")[0][0]


def all_become_cases(desk: OwnDesk, name: str, mails: int) -> None:
    """Each acknowledged mail is exactly one case, soon."""
    try:
        eventually(lambda: unread(desk) == 0, within_s=RETURN_S, every_s=0.1)
    except AssertionError:
        raise AssertionError(desk.stack.logs())
    assert cases_named(desk, name) == mails


def test_valkey_stopped_and_started_again(desk: OwnDesk) -> None:
    desk.stop_valkey(signal.SIGTERM)
    assert all(try_to_send(desk, "stopped") for _ in range(3))
    piped = desk.stack.cli("mail", "ingest", "-", "--queue", "support", stdin=letter("x", subject="stopped"))
    assert piped.returncode == 0, piped.stderr
    desk.start_valkey()
    all_become_cases(desk, "stopped", 4)


def test_valkey_killed_and_all_that_it_held_lost(desk: OwnDesk) -> None:
    desk.stop_valkey(signal.SIGKILL)
    assert try_to_send(desk, "killed")
    desk.start_valkey()
    desk.broker().flushall()
    assert try_to_send(desk, "killed")
    desk.broker().flushall()
    all_become_cases(desk, "killed", 2)


def test_valkey_full_refuses_and_nothing_is_lost(desk: OwnDesk) -> None:
    broker = desk.broker()
    broker.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(redis.OutOfMemoryError):
            broker.set("one", "more")
        assert all(try_to_send(desk, "full") for _ in range(3))
        time.sleep(2)
    finally:
        broker.config_set("maxmemory", "256mb")
    all_become_cases(desk, "full", 3)


def test_every_connection_to_valkey_is_reset_again_and_again(desk: OwnDesk) -> None:
    broker = desk.broker()
    for _ in range(4):
        assert try_to_send(desk, "reset")
        broker.client_kill_filter(_type="normal", skipme=True)
        time.sleep(0.2)
    all_become_cases(desk, "reset", 4)


def test_postgres_is_shot_again_and_again_while_mail_comes_in(desk: OwnDesk) -> None:
    over = threading.Event()
    acknowledged: list[bool] = []

    def post() -> None:
        while not over.is_set():
            acknowledged.append(try_to_send(desk, "shot"))
            time.sleep(0.05)

    senders = [threading.Thread(target=post) for _ in range(2)]
    for sender in senders:
        sender.start()
    for _ in range(3):
        time.sleep(1.0)
        desk.shoot_postgres()
    time.sleep(1.0)
    over.set()
    for sender in senders:
        sender.join()
    assert sum(acknowledged) > 5
    eventually(lambda: unread(desk) == 0, within_s=RETURN_S, every_s=0.1)
    # A commit whose yes was lost makes a row all the same: more is allowed, less is not; twice the same is noticed.
    outcomes = dict(desk.ask("select outcome, count(*) from inbound_mails where subject = 'shot' group by 1"))
    assert cases_named(desk, "shot") == outcomes["new_case"] >= sum(acknowledged)
    assert set(outcomes) <= {"new_case", "duplicate"}


def kill_worker(desk: OwnDesk) -> None:
    desk.restart("worker", *WORKER)


def kill_pool_child(desk: OwnDesk) -> None:
    for child in desk.children("worker"):
        os.kill(child, signal.SIGKILL)


def kill_beat(desk: OwnDesk) -> None:
    desk.restart("beat", *BEAT)


def kill_door(desk: OwnDesk) -> None:
    desk.restart("door", *DOOR)


@pytest.mark.parametrize("kill", [kill_worker, kill_pool_child, kill_beat, kill_door])
def test_a_process_is_killed_while_mail_comes_in(desk: OwnDesk, kill: Callable[[OwnDesk], None]) -> None:
    name = kill.__name__
    before = sum(try_to_send(desk, name) for _ in range(6))
    kill(desk)
    after = sum(eventually(lambda: try_to_send(desk, name), within_s=40) is True for _ in range(3))
    all_become_cases(desk, name, before + after)


def test_two_beats_at_once_double_nothing(desk: OwnDesk) -> None:
    desk.stack.start("second beat", *BEAT)
    try:
        for _ in range(4):
            assert try_to_send(desk, "two-beats")
            # Nobody is woken but by a sweep.
            desk.broker().delete("mail_in")
            time.sleep(0.5)
        all_become_cases(desk, "two-beats", 4)
    finally:
        desk.stack.stop("second beat")


def test_a_mail_that_kills_every_worker_ends_before_a_person_and_the_next_is_read(desk: OwnDesk) -> None:
    desk.stack.stop("worker", signal.SIGTERM)
    # The pool child dies each time at this point: of each life, one mail long.
    desk.stack.environment["KILL_AT"] = "mail_in.bytes_got"
    try:
        assert try_to_send(desk, "poison")
        # Three have died already.
        desk.ask("update inbound_mails set attempts = 3 where outcome is null")
        desk.stack.start("worker", *WORKER)
        eventually(lambda: unread(desk) == 0, within_s=90, every_s=0.2)
    finally:
        del desk.stack.environment["KILL_AT"]
        desk.restart("worker", *WORKER)
    row = desk.ask("select outcome, rule, attempts from inbound_mails order by id desc limit 1")
    assert row == [("unreadable", "gave_up", 5)]
    assert try_to_send(desk, "after-the-poison")
    all_become_cases(desk, "after-the-poison", 1)


def test_the_settings_as_they_come_keep_the_promised_bounds() -> None:
    default = {one.name: one.read(one.default) for one in config.SETTINGS if one.default and one.name.endswith("_S")}
    lease, round_s, poll = default["LEASE_S"], default["SWEEP_S"], default["IMAP_POLL_S"]
    # A killed worker's mail: its lease lapses, the next sweep wakes another.
    assert lease + round_s <= 120
    # A killed worker's mailbox: its lease lapses, the next poll takes it.
    assert lease + poll <= 120
    # What a broker that was flushed had been told: it is left alone, settles, and the next sweep wakes it again.
    assert (sweep.PATIENCE + sweep.SETTLED + 1) * round_s <= 60
    assert poll <= 60
    # A living worker is done with a mail before its lease ends.
    assert lease > MAX_WALL_S
