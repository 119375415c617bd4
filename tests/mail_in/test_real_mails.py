"""Every real mail at hand is ingested: each ends in exactly one outcome, and the numbers balance."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk.blobs.models import Blob
from helpdesk.core.db import db
from helpdesk.mail_in.models import OUTCOMES, InboundMail
from tests.mail_in.conftest import PLAIN, run_flask

COLLECTION = Path(__file__).parent.parent.parent.parent / "shared" / "mails"
MESSAGES = ("raw", "parse", "bounce", "reply_eml")
OURS = [
    PLAIN,
    PLAIN.replace(b"\r\n", b"\n"),
    PLAIN,
    b"\r\n\r\nno header at all\r\n",
    b"Subject: =?nonsense?q?=ff?=\nContent-Type: multipart/mixed\n\n\xff\xfe\x00",
    b"From: a@b.example\nMessage-ID: <\nContent-Type: text/plain; charset=idna\n\nhei\n",
    b"From: x@y.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n",
]


def collected() -> list[Path]:
    """The messages of the collection that may stand beside the project."""
    lines = (COLLECTION / "expected.jsonl").read_text().splitlines()
    kinds = {entry["file"]: entry["kind"] for entry in map(json.loads, lines)}
    return [COLLECTION / file for file, kind in sorted(kinds.items()) if kind in MESSAGES]


@pytest.fixture
def mails(tmp_path) -> list[Path]:
    """The collection's mails, or our own where it is not there."""
    if (COLLECTION / "expected.jsonl").exists():
        return collected()
    paths = []
    for number, raw in enumerate(OURS):
        paths.append(tmp_path / f"{number}.eml")
        paths[-1].write_bytes(raw)
    return paths


def test_each_real_mail_has_one_outcome_none_raises_and_the_ledger_balances(environment, queue, mails):
    done = run_flask(environment, "mail", "ingest", "--json", *map(str, mails), timeout_s=400)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert b"Traceback" not in done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    # An mbox is several mails, named path:1, path:2 …
    assert {re.sub(r":\d+$", "", one["file"]) for one in said} == set(map(str, mails))
    assert len({one["file"] for one in said}) == len(said)
    assert {one["outcome"] for one in said} <= set(OUTCOMES)
    assert all(one["rule"] and one["why"] for one in said)
    db.session.rollback()
    outcomes = dict(db.session.execute(select(InboundMail.outcome, func.count()).group_by(InboundMail.outcome)).all())
    assert None not in outcomes
    assert sum(outcomes.values()) == len(said)
    assert "unreadable" not in outcomes
    sizes = dict(db.session.execute(select(Blob.sha256, Blob.size)).all())
    for row in db.session.scalars(select(InboundMail)):
        assert sizes[row.raw_sha256] == row.size


def test_the_ledger_as_json_has_a_line_for_each_mail_with_rule_and_evidence(environment, queue, tmp_path):
    for number, raw in enumerate(OURS):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    run_flask(environment, "mail", "ingest", str(tmp_path))
    done = run_flask(environment, "mail", "ledger", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == list(range(len(OURS), 0, -1))
    assert all({"id", "received_at", "door", "outcome", "rule", "evidence", "case"} <= set(row) for row in rows)
    twice = [row for row in rows if row["outcome"] == "duplicate"]
    assert [row["evidence"]["sentence"] for row in twice] == ["The same mail came before: ledger row 1."] * 2
    assert twice[0]["case"] == 1001
    only = run_flask(environment, "mail", "ledger", "--json", "--outcome", "automatic", "--limit", "5").stdout
    assert [json.loads(line)["rule"] for line in only.splitlines()] == ["automatic_alone"]
    for_people = run_flask(environment, "mail", "ledger").stdout.decode()
    assert "The printer is on fire" in for_people


def test_retry_runs_a_mail_again_and_says_when_it_must_not(environment, queue, tmp_path):
    (tmp_path / "a.eml").write_bytes(PLAIN)
    run_flask(environment, "mail", "ingest", str(tmp_path / "a.eml"))
    on_a_case = run_flask(environment, "mail", "retry", "1")
    assert on_a_case.returncode == 1
    assert "stands on a case already" in on_a_case.stderr.decode()
    run_flask(environment, "mail", "ingest", str(tmp_path / "a.eml"))
    assert run_flask(environment, "mail", "retry", "2").stdout == b"Mail 2 is read again.\n"
    assert run_flask(environment, "mail", "retry", "77").returncode == 1
