"""What is well, what is not, and what an admin must hear of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.watch.facts import Box, Facts
from helpdesk.watch.judge import Finding, Patience, judge, worst

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = Patience(after_s=180, sweep_s=30, poll_s=60, up_s=10_000, sends=True)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


WELL = Facts(
    now=NOW,
    heartbeat=ago(20),
    unread=0,
    unread_since=None,
    unsent=0,
    unsent_since=None,
    untaken_since=None,
    stuck=0,
    stuck_since=None,
    mailboxes=[Box(1, "Support", ago(50), "")],
)


def found(part: str, patience: Patience = PATIENCE, **facts: object) -> Finding:
    [finding] = [one for one in judge(replace(WELL, **facts), patience) if one.part == part]  # type: ignore[arg-type]
    return finding


def test_when_all_is_well_nothing_shouts():
    findings = judge(WELL, PATIENCE)
    assert {one.state for one in findings} == {"ok"}
    assert not any(one.shouts for one in findings)
    assert [one.part for one in findings] == ["worker", "incoming", "mailbox", "outgoing"]


@pytest.mark.parametrize(
    ("part", "facts", "code"),
    [
        ("worker", {"heartbeat": ago(181)}, "worker.silent"),
        ("worker", {"heartbeat": None}, "worker.never"),
        ("incoming", {"unread": 5, "unread_since": ago(181)}, "incoming.slow"),
        ("incoming", {"unread": 5, "unread_since": ago(181), "heartbeat": ago(999)}, "incoming.stands"),
        ("mailbox", {"mailboxes": [Box(1, "Support", ago(181), "")]}, "mailbox.silent"),
        ("mailbox", {"mailboxes": [Box(1, "Support", ago(181), "Wrong password.")]}, "mailbox.trouble"),
        ("outgoing", {"unsent": 3, "unsent_since": ago(500), "untaken_since": ago(181)}, "outgoing.stands"),
        ("outgoing", {"unsent": 3, "unsent_since": ago(500), "stuck": 2, "stuck_since": ago(181)}, "outgoing.stuck"),
    ],
)
def test_what_stands_still_shouts(part: str, facts: dict[str, object], code: str):
    finding = found(part, **facts)
    assert (finding.code, finding.shouts) == (code, True)
    assert finding.state != "ok"


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        ("worker", {"heartbeat": ago(179)}),
        ("incoming", {"unread": 900, "unread_since": ago(179)}),
        ("mailbox", {"mailboxes": [Box(1, "Support", ago(179), "")]}),
        ("outgoing", {"unsent": 3, "unsent_since": ago(3000)}),
    ],
)
def test_what_moves_is_left_in_peace(part: str, facts: dict[str, object]):
    assert found(part, **facts).state == "ok"


def test_a_recipients_server_that_asks_for_patience_needs_a_look_after_an_hour_and_shouts_at_nobody():
    late = found("outgoing", unsent=1, unsent_since=ago(3601))
    assert (late.state, late.code, late.shouts) == ("warning", "outgoing.late", False)


def test_one_failed_poll_is_a_warning_that_does_not_shout():
    once = found("mailbox", mailboxes=[Box(1, "Support", ago(90), "No answer.")])
    assert (once.state, once.shouts) == ("warning", False)


def test_a_desk_that_was_just_switched_on_is_given_time():
    starting = replace(PATIENCE, up_s=20)
    facts = {"heartbeat": ago(40_000), "unread": 1, "unread_since": ago(40_000)}
    findings = judge(replace(WELL, mailboxes=[Box(1, "Support", ago(40_000), "")], **facts), starting)  # type: ignore[arg-type]
    assert [one.code for one in findings if one.shouts] == []
    assert found("worker", starting, heartbeat=ago(40_000)).code == "worker.starting"


def test_slower_timetables_are_given_more_time():
    slow = replace(PATIENCE, sweep_s=300, poll_s=600)
    assert found("worker", slow, heartbeat=ago(800)).state == "ok"
    assert found("mailbox", slow, mailboxes=[Box(1, "Support", ago(1700), "")]).state == "ok"
    assert found("mailbox", slow, mailboxes=[Box(1, "Support", ago(1900), "")]).shouts


def test_mail_that_is_switched_off_says_so_and_does_not_shout_twice():
    off = found("outgoing", replace(PATIENCE, sends=False), unsent=3, untaken_since=ago(9999))
    assert (off.state, off.code, off.shouts) == ("warning", "outgoing.off", False)


def test_the_worst_of_nothing_is_well():
    assert worst([]) == "ok"
    assert worst(["ok", "failing", "warning"]) == "failing"
