"""Machines whose clock is wrong, by a day or by ten years, or goes through a DST night: all work is done, and once."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import BEAT, WORKER, OwnDesk
from tests.faults.test_parts import all_become_cases, try_to_send
from tests.stack import eventually

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
DAY_S, TEN_YEARS_S = 86_400, 3652 * 86_400
SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], max(seconds, 0)) and None
"""
"""For the processes under libfaketime, which mistakes the moment until which Python's own sleep is to last."""
CLOCKS = {
    "a day ahead": f"+{DAY_S}",
    "a day behind": f"-{DAY_S}",
    "ten years ahead": f"+{TEN_YEARS_S}",
    "ten years behind": f"-{TEN_YEARS_S}",
    "the night that has two hours of three": "@2026-10-25 02:59:58",
    "the night that has no hour of three": "@2026-03-29 01:59:58",
}


@pytest.fixture(scope="module")
def wrong_clock(own_desk: OwnDesk) -> Iterator[Path]:
    """A file that says what worker, beat and door believe the time to be. They run on while it changes."""
    assert LIBRARY is not None, "the Debian package faketime is missing (make debian)"
    file = own_desk.folder / "clock"
    file.write_text("+0")
    (own_desk.folder / "sitecustomize.py").write_text(SLEEP)
    own_desk.stack.environment.update(
        PYTHONPATH=str(own_desk.folder),
        LD_PRELOAD=str(LIBRARY),
        FAKETIME_TIMESTAMP_FILE=str(file),
        FAKETIME_NO_CACHE="1",
        # A clock that counts from the machine's start is nobody's to set.
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        TZ="Europe/Oslo",
    )
    own_desk.restart("worker", *WORKER)
    own_desk.restart("beat", *BEAT)
    eventually(lambda: try_to_send(own_desk, "warm"), within_s=60, every_s=0.2)
    yield file
    set_clock(file, "+0")
    for name in [name for name in own_desk.stack.environment if name in ("LD_PRELOAD", "PYTHONPATH", "TZ")]:
        del own_desk.stack.environment[name]


def set_clock(file: Path, to: str) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(to)
    os.replace(beside, file)


@pytest.mark.parametrize("clock", CLOCKS)
def test_mail_becomes_a_case_and_its_answer_leaves_once_whatever_the_workers_clock_says(
    own_desk: OwnDesk, wrong_clock: Path, clock: str
) -> None:
    name = clock.replace(" ", "-")
    set_clock(wrong_clock, CLOCKS[clock])
    assert all(try_to_send(own_desk, name) for _ in range(2))
    # One that nobody was woken for: only a sweep finds it, beaten and done by wrong clocks.
    own_desk.broker().delete("mail_in")
    all_become_cases(own_desk, name, 2)
    put_answers(own_desk, name)
    eventually(lambda: is_sent(own_desk, name), within_s=30, every_s=0.2)
    sent = [file for file in (own_desk.folder / "sent").rglob("*.eml") if name.encode() in file.read_bytes()]
    assert len(sent) == 2
    # What the row says was when, it was by the database's clock.
    [(late,)] = own_desk.ask(
        f"select count(*) from outbound_mails where subject = '{name}' and sent_at not between"
        " now() - interval '2 minutes' and now()"
    )
    assert late == 0


def put_answers(desk: OwnDesk, name: str) -> None:
    """Two answers in the outbox, that nobody was woken for."""
    for number in range(2):
        desk.ask(
            "with mail as (insert into outbound_mails (kind, message_id, from_name, from_address, subject, text)"
            f" values ('answer', '<{name}-{number}@desk.example>', 'Desk', 'support@desk.example', '{name}', 'Yes.')"
            " returning id) insert into outbound_recipients (mail_id, role, address)"
            " select id, 'to', 'nora@example.net' from mail"
        )


def answers(desk: OwnDesk, name: str) -> list[tuple]:
    return desk.ask(f"select state, attempts, crashes from outbound_mails where subject = '{name}'")


def test_a_clock_that_is_set_back_and_forth_stops_no_beat(own_desk: OwnDesk, wrong_clock: Path) -> None:
    for number, clock in enumerate(("ten years ahead", "ten years behind", "a day ahead")):
        set_clock(wrong_clock, CLOCKS[clock])
        time.sleep(1.0)
        put_answers(own_desk, f"back-and-forth-{number}")
        # Nobody was woken for these: beat still beats.
        eventually(partial(is_sent, own_desk, f"back-and-forth-{number}"), within_s=20, every_s=0.2)


def is_sent(desk: OwnDesk, name: str) -> bool:
    return answers(desk, name) == [("sent", 1, 0)] * 2
