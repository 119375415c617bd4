"""The status page, and the line above every page: for admins, in plain words, there while it is true and no longer."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import transaction
from helpdesk.mail_in.models import Mailbox
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.watch.heartbeat import beat
from helpdesk.watch.watchdog import look_again
from tests.letters import letter

SILENT = "Nothing has been done in the background for 10 min."


def sql(statement: str) -> None:
    with transaction() as session:
        session.execute(text(statement))


@pytest.fixture
def admin(boss: Agent, signed_in: Callable[[Agent], FlaskClient]) -> FlaskClient:
    beat()
    return signed_in(boss)


def see(client: FlaskClient, path: str = "/cases") -> str:
    look_again()
    return client.get(path).text


def test_every_page_of_an_admin_shouts_when_no_worker_works_and_is_quiet_when_one_does(admin: FlaskClient):
    assert "Background work" not in see(admin)
    sql("update heartbeats set at = now() - interval '10 minutes'")
    for path in ("/cases", "/customers", "/settings/me", "/settings/status/banner"):
        page = see(admin, path)
        assert SILENT in page, path
        assert 'class="banner bad"' in page
    beat()
    assert SILENT not in see(admin)


def test_only_admins_are_shouted_at(
    admin: FlaskClient, ada: Agent, reader: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    sql("update heartbeats set at = now() - interval '10 minutes'")
    assert SILENT in see(admin)
    for agent in (ada, reader):
        page = see(signed_in(agent))
        assert SILENT not in page
        assert 'id="watch"' not in page


def test_a_silent_mailbox_is_named_with_its_trouble(admin: FlaskClient, queue: Queue):
    with transaction() as session:
        box = Mailbox(
            name="Old support", queue_id=queue.id, host="imap.example", username="x", secret=secret_box.lock("x")
        )
        session.add(box)
    sql("update mailboxes set created_at = now() - interval '1 hour', problem = 'The password was refused.'")
    assert "Nothing could be fetched for 1 h: The password was refused." in see(admin)
    sql("update mailboxes set active = false")
    assert "Old support" not in see(admin)


def test_mail_that_nobody_reads_is_counted(admin: FlaskClient, queue: Queue):
    for n in range(3):
        receive(letter(f"Letter {n}"), Delivery("smtp", queue))
    assert "waiting to be read" not in see(admin)
    sql("update inbound_mails set received_at = now() - interval '5 minutes'")
    assert "Mails waiting to be read: 3, the oldest for 5 min. The workers cannot keep up." in see(admin)


def test_answers_that_cannot_leave_are_counted(app: Flask, admin: FlaskClient):
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    sql(
        "insert into outbound_mails (kind, message_id, from_name, from_address, subject, text, state, first_tried_at,"
        " next_try_at, trouble) values ('answer', '<x@y>', '', 'a@b.example', 'Re', '', 'delayed', now() - interval"
        """ '6 minutes', now() + interval '5 minutes', '{"code": "unreachable"}')"""
    )
    assert "Mails that cannot leave through the outgoing mail server: 1, the oldest for 6 min." in see(admin)
    sql('update outbound_mails set trouble = \'{"code": "busy"}\'')
    assert "cannot leave" not in see(admin)


def test_a_disk_that_fills_up_is_told_before_mail_is_refused(app: Flask, admin: FlaskClient):
    app.config["FREE_DISK_WARN_BYTES"] = 10**18
    page = see(admin)
    assert "When less is left, no more mail is taken in." in page
    assert 'class="banner bad"' not in page


def test_looking_costs_one_statement_every_quarter_of_a_minute(admin: FlaskClient, queries: Callable[..., list[str]]):
    look_again()
    first = queries(lambda: admin.get("/cases"))
    second = queries(lambda: admin.get("/cases"))
    assert len(first) - len(second) == 1
    assert not any("heartbeats" in statement for statement in second)


def test_the_status_page_says_how_everything_is_and_what_to_do(admin: FlaskClient):
    page = see(admin, "/settings/status")
    assert "The tables fit this version of the desk." in page
    assert page.count('class="part ok"') >= 8
    sql("update heartbeats set at = now() - interval '10 minutes'")
    admin.application.extensions.pop("watch_probes")
    page = see(admin, "/settings/status")
    assert "See that the process “beat” runs, and look at its log." in page
    assert "does not work" in page


def test_the_status_page_speaks_norwegian(admin: FlaskClient, boss: Agent):
    with transaction():
        boss.language = "nb"
    page = see(admin, "/settings/status")
    assert "Tabellene passer til denne versjonen." in page
    assert "i orden" in page
