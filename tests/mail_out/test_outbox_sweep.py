"""Mail that nobody woke a worker for."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from helpdesk.core.db import db, transaction
from helpdesk.core.jobs import LONG_LINE
from helpdesk.mail_out.attempt import take
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from helpdesk.mail_out.sweep import due_mail, sweep_outbox
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer

Due = Callable[[OutboundMail], None]


@pytest.fixture(autouse=True)
def _outgoing(app: Flask, smtp_server: SmtpServer) -> None:
    app.config["SMTP_URL"] = smtp_server.url
    # What tests before this one left in the broker would look like work enough.
    app.extensions["broker_probe"].delete("mail_out")


def test_due_mail_of_every_open_state_is_woken(put: Put, make_due: Due, smtp_server: SmtpServer) -> None:
    put()
    delayed, uncertain, dead = put(), put(), put()
    smtp_server.at_mail.append("451 later")
    smtp_server.after_dot.append("cut")
    send_mail(delayed.id)
    send_mail(uncertain.id)
    take(dead.id)
    assert sweep_outbox() == 1, "only the one that nobody tried is due"
    for mail in (delayed, uncertain, dead):
        make_due(mail)
    assert sweep_outbox() == 4


def test_settled_mail_is_left_alone(put: Put, make_due: Due) -> None:
    mail = put()
    send_mail(mail.id)
    make_due(mail)
    assert sweep_outbox() == 0


def test_nothing_is_woken_while_outgoing_mail_is_off(app: Flask, put: Put) -> None:
    put()
    app.config["SMTP_URL"] = ""
    assert sweep_outbox() == 0


def test_a_broker_that_is_down_costs_the_sweep_nothing(app: Flask, put: Put) -> None:
    put()
    app.extensions["broker_rests_until"] = float("inf")
    try:
        assert sweep_outbox() == 0
    finally:
        app.extensions["broker_rests_until"] = 0.0


def test_the_sweep_finds_due_mail_by_its_index(app: Flask) -> None:
    with transaction() as session:
        session.execute(
            text(
                "insert into outbound_mails (kind, message_id, from_name, from_address, subject, text, state)"
                " select 'answer', '<' || n || '@x>', '', 'a@b', '', '', 'sent' from generate_series(1, 20000) n"
            )
        )
        session.execute(text("analyze outbound_mails"))
    query = due_mail().compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = [row[0] for row in db.session.execute(text(f"explain {query}"))]
    assert any("ix_outbound_mails_due" in line for line in plan)


def test_nobody_is_woken_twice_while_the_broker_has_plenty(app: Flask, put: Put) -> None:
    put()
    line = app.extensions["broker_probe"]
    line.delete("mail_out")
    line.lpush("mail_out", *[b"a task"] * LONG_LINE)
    try:
        assert sweep_outbox() == 0
        line.ltrim("mail_out", 0, LONG_LINE - 2)
        assert sweep_outbox() == 1
    finally:
        line.delete("mail_out")
