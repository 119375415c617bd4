"""Web, worker, beat and mail door as they run: what stops is shouted about and then no longer, one id runs through all
their logs, and nothing that is nobody's business stands there."""

import json
import smtplib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Case, CaseEvent, Queue
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_out.models import OutboundMail
from tests.faults.proxy import Proxy
from tests.letters import letter
from tests.live.servers import cookie_of
from tests.servers_dovecot import PASSWORD, running_dovecot
from tests.stack import Stack, eventually, running

TOKEN = "a-token-of-the-running-desk"
BODY, NATIONAL_ID, WRONG_PASSWORD = "canary-in-a-body", "010190 12345", "canary-of-a-password"
WORKER = ("celery", "-A", "workers.app", "worker", "-Q", "mail_in,mail_out,default", "-c", "1", "--loglevel", "WARNING")


@pytest.fixture(scope="module")
def servers(
    environment: dict[str, str], session_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The desk, with less patience and much to say."""
    folder = tmp_path_factory.mktemp("running")
    impatient = {"WATCH_AFTER_S": "4", "WATCH_LOOK_S": "1", "SWEEP_S": "1", "IMAP_POLL_S": "1"}
    talkative = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "WATCH_TOKEN": TOKEN}
    with running(environment, folder, **impatient, **talkative, SMTP_URL=(folder / "sent").as_uri()) as desk:
        yield desk


@pytest.fixture
def desk(servers: Stack, app: Flask, queue: Queue) -> Stack:
    """The running desk over empty tables with one queue. What this process answers, that one's worker sends."""
    app.config["SMTP_URL"] = servers.environment["SMTP_URL"]
    return servers


@pytest.fixture
def page(desk: Stack, app: Flask, boss: Agent) -> Callable[[], str]:
    """An admin's page as it is now."""
    cookie = cookie_of(app, boss)

    def fetch() -> str:
        asked = urllib.request.Request(f"{desk.web_url}/settings/me", headers={"Cookie": cookie})
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return str(reply.read().decode())

    return fetch


def fetched(desk: Stack, path: str) -> str:
    asked = urllib.request.Request(f"{desk.web_url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(asked, timeout=10) as reply:
        return str(reply.read().decode())


def lines(desk: Stack, name: str) -> list[dict[str, Any]]:
    """What a process has logged."""
    told = (desk.log_dir / f"{name}.log").read_text().splitlines()
    return [json.loads(line) for line in told if line.startswith("{")]


def fresh(query: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def test_a_stopped_worker_and_a_cut_off_mailbox_are_shouted_about_until_they_are_back(
    desk: Stack, page: Callable[[], str], queue: Queue
) -> None:
    with running_dovecot() as dovecot, Proxy(dovecot.imap_port) as line:
        with transaction() as session:
            box = Mailbox(name="Post", queue_id=queue.id, host="localhost", port=line.port, security="plain")
            box.username, box.secret = "post", secret_box.lock(PASSWORD)
            session.add(box)
        eventually(lambda: fresh(select(Mailbox)).succeeded_at)
        eventually(lambda: "banner bad" not in page())
        line.refuse()
        eventually(lambda: "Mailbox · Post:" in page())
        line.listen()
        eventually(lambda: "Mailbox · Post:" not in page())
        desk.stop("worker")
        eventually(lambda: "Background work:" in page())
        ready = json.loads(fetched(desk, "/ready"))
        assert ready["status"] == "ready", "mail is still taken in"
        assert {"worker": "failing", "beat": "ok"}.items() <= {
            one["part"]: one["state"] for one in ready["checks"]
        }.items()
        desk.start("worker", *WORKER)
        eventually(lambda: "banner bad" not in page(), within_s=60)
        with transaction():
            fresh(select(Mailbox)).active = False


def test_one_id_leads_through_the_logs_of_door_worker_and_outbox_and_no_secret_stands_there(
    desk: Stack, app: Flask, ada: Agent, queue: Queue, environment: dict[str, str]
) -> None:
    with smtplib.SMTP("127.0.0.1", desk.smtp_port) as client:
        mail = letter(f"{BODY}, born {NATIONAL_ID}.", subject=f"From {NATIONAL_ID}")
        client.sendmail("solveig@fjordlys.example", ["support@desk.example"], mail)
    case = eventually(lambda: fresh(select(Case)))
    assert isinstance(case, Case)
    with transaction() as session:
        box = Mailbox(name="Post", queue_id=queue.id, host="localhost", port=desk.smtp_port, security="plain")
        box.username, box.secret = "post", secret_box.lock(WRONG_PASSWORD)
        session.add(box)
    answer(case, Draft(f"{BODY} comes back.", seen=10**9), by=ada)
    sent = eventually(lambda: fresh(select(OutboundMail).where(OutboundMail.state == "sent")))
    assert isinstance(sent, OutboundMail)
    eventually(lambda: fresh(select(Mailbox)).problem)
    with transaction():
        fresh(select(Mailbox)).active = False
    row = fresh(select(InboundMail))
    assert row.trace
    assert {sent.trace, *db.session.scalars(select(CaseEvent.trace))} == {row.trace}

    def told(name: str) -> list[str]:
        return [line["message"] for line in lines(desk, name) if line.get("trace") == row.trace]

    eventually(lambda: "Mail sent" in told("worker"))
    assert told("door") == ["Mail taken in"]
    heard = [message for message in told("worker") if message != "Task done"]
    assert heard == ["Case opened", "Mail read", "Case sent", "Mail sent"]
    assert BODY in Path(next((desk.log_dir / "sent").glob("*.eml"))).read_text(), "the canary was there"
    everything = "".join(log.read_text() for log in desk.log_dir.glob("*.log")) + everything_in(environment)
    assert "watch.heartbeat" in everything, "the search looks at nothing"
    token = sent.message_id.split("@")[0].rpartition(".")[2]
    for secret in (BODY, NATIONAL_ID, NATIONAL_ID.replace(" ", ""), WRONG_PASSWORD, TOKEN, token):
        assert secret
        assert secret not in everything, secret
    figures = (
        'helpdesk_mails_read_total{door="smtp",outcome="new_case"} 1.0',
        'helpdesk_sends_total{state="sent"} 1.0',
        'helpdesk_task_duration_seconds_count{task="mail_in.read"} 1.0',
        'helpdesk_tasks_total{result="done",task="watch.heartbeat"}',
    )
    # Each process tells what it has counted every few seconds.
    eventually(lambda: all(figure in fetched(desk, "/metrics") for figure in figures))


def everything_in(environment: dict[str, str]) -> str:
    """All that Valkey keeps, keys and values."""
    client = redis.Redis.from_url(environment["REDIS_URL"])
    return "".join(f"{key!r} {client.dump(key)!r}" for key in client.scan_iter("*"))
