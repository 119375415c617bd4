"""/metrics: for those who may see it, true for all processes together, and few words."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Queue
from helpdesk.core import tally
from helpdesk.core.db import transaction
from helpdesk.core.tally import Tally
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_out.send import send_mail
from helpdesk.watch.heartbeat import beat
from tests.letters import letter
from tests.ports import free_port
from tests.servers import SmtpServer

TOKEN = "a-token-for-the-collector"


@pytest.fixture
def scrape(app: Flask) -> Callable[[], dict[str, float]]:
    """What Prometheus reads: name{labels} → value."""
    app.config["WATCH_TOKEN"] = TOKEN

    def fetch() -> dict[str, float]:
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain")
        return {
            # Labels stand in the order of their names.
            sample.name + "".join(f",{value}" for _label, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return fetch


def test_nobody_sees_figures_unless_the_settings_say_so(
    app: Flask, boss: Agent, ada: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    assert app.test_client().get("/metrics").status_code == 404
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert signed_in(ada).get("/metrics").status_code == 404
    assert signed_in(boss).get("/metrics").status_code == 200


def test_figures_of_the_database_are_those_of_the_moment(
    app: Flask, post_mail: Callable[..., InboundMail], scrape: Callable[[], dict[str, float]]
):
    beat()
    row = post_mail(letter())
    receive(letter("And another."), Delivery("smtp", row.queue))
    found = scrape()
    assert found["helpdesk_ready"] == 1
    assert found["helpdesk_check,,database"] == 0
    assert found["helpdesk_mail_unread"] == 1
    assert found["helpdesk_cases_unclaimed,support"] == 1
    assert found["helpdesk_outbox,queued"] == 0
    assert 0 <= found["helpdesk_heartbeat_age_seconds"] < 60
    assert found["helpdesk_disk_free_bytes"] > 0
    assert "helpdesk_broker_tasks,mail_in" in found


def test_what_every_process_does_is_counted(
    app: Flask,
    ada: Agent,
    post_mail: Callable[..., InboundMail],
    smtp_server: SmtpServer,
    scrape: Callable[[], dict[str, float]],
):
    app.config["SMTP_URL"] = smtp_server.url
    row = post_mail(letter())
    assert row.case is not None
    mail_id = answer(row.case, Draft("Try the blue cable.", seen=10**9), by=ada).outbound_id
    assert mail_id is not None
    send_mail(mail_id)
    app.test_client().get("/sign-in")
    tally.observe("task_duration_seconds", 0.02, "mail_in.read")
    found = scrape()
    assert found["helpdesk_mails_read_total,pipe,new_case"] == 1
    assert found["helpdesk_case_events_total,answered"] == 1
    assert found["helpdesk_sends_total,sent"] == 1
    assert found["helpdesk_requests_total,accounts.sign_in,2xx"] == 1
    assert found["helpdesk_task_duration_seconds_bucket,0.01,mail_in.read"] == 0
    assert found["helpdesk_task_duration_seconds_bucket,0.025,mail_in.read"] == 1
    assert found["helpdesk_task_duration_seconds_bucket,+Inf,mail_in.read"] == 1
    assert found["helpdesk_task_duration_seconds_sum,mail_in.read"] == pytest.approx(0.02)


def test_every_figure_in_the_rules_and_on_the_page_about_them_exists(
    app: Flask, queue: Queue, repository: Path, signed_in: Callable[[Agent], FlaskClient], boss: Agent
):
    with transaction() as session:
        session.add(Mailbox(name="Post", queue_id=queue.id, host="x.example", username="x", secret="x"))
    beat()
    tally.observe("request_duration_seconds", 0.02, "cases.show")
    told = signed_in(boss).get("/metrics").text
    named = set()
    for page in ("alerts.yml", "watching.md"):
        named |= set(re.findall(r"\bhelpdesk_\w+", (repository / "docs" / page).read_text()))
    assert len(named) > 8
    there = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE")}
    assert {name for name in named if name not in there and name.removesuffix("_bucket") not in there} == set()


def test_processes_add_up_and_a_forked_child_tells_only_its_own(app: Flask, scrape: Callable[[], dict[str, float]]):
    other = Tally(app)
    other.add({"sends\x1fsent": 2})
    tally.count("sends", "sent")
    child = os.fork()
    if child == 0:
        other.add({"sends\x1fsent": 4})
        other.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    other.flush()
    assert scrape()["helpdesk_sends_total,sent"] == 2 + 1 + 4


def test_gauges_of_processes_are_summed(app: Flask, scrape: Callable[[], dict[str, float]]):
    web, another = Tally(app), Tally(app)
    web.process, another.process = "one", "two"
    web.gauges["live_streams"], another.gauges["live_streams"] = lambda: 3.0, lambda: 4.0
    web.flush()
    another.flush()
    assert scrape()["helpdesk_live_streams"] == 7


def test_counts_wait_in_memory_while_valkey_is_away(app: Flask, scrape: Callable[[], dict[str, float]]):
    other = Tally(app)
    here, other._client = other._client, Tally(_at_nobody(app))._client
    other.add({"sends\x1fsent": 5})
    other.flush()
    other._client = here
    other.flush()
    assert scrape()["helpdesk_sends_total,sent"] == 5


def _at_nobody(app: Flask) -> Flask:
    away = Flask("away")
    away.config.update(app.config, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    return away


def test_what_comes_in_makes_no_new_words(app: Flask, scrape: Callable[[], dict[str, float]]):
    client = app.test_client()
    before = len(scrape())
    for n in range(20):
        client.get(f"/nothing-{n}")
        client.get(f"/cases/{n}")
        client.get(f"/join/{'x' * 30}{n}")
    assert len(scrape()) - before <= 4 * 16
    assert scrape()["helpdesk_requests_total,none,4xx"] == 20
