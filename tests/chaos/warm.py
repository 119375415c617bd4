"""Doing everything once and taking it back, so that processes forked from here need not learn it each by itself.

What is kept is only what SQLAlchemy and Jinja worked out: statements and templates.
"""

import importlib
from contextlib import suppress

from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.claim import claim
from helpdesk.cases.close import close
from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db, transaction
from helpdesk.intake.inquiry import Inquiry
from helpdesk.intake.take_in import Sent, take_in
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_in.sweep import sweep_inbound
from helpdesk.mail_out.attempt import take
from helpdesk.mail_out.delivery import Fate
from helpdesk.mail_out.send import bytes_of
from helpdesk.mail_out.settle import settle
from helpdesk.mail_out.sweep import sweep_outbox

LETTER = b"From: Warm <warm@kunde.example>\r\nTo: support@desk.example\r\nSubject: Warm\r\n\r\nWarm.\r\n"


class TakenBack(Exception):
    """All of it was a rehearsal."""


def warm_up(cookie: str) -> None:
    """Rehearse in the applications of web and worker, with an agent's cookie."""
    web, worker = importlib.import_module("wsgi").app, importlib.import_module("workers.app").flask_app
    for app in (web, worker):
        app.extensions["broker_rests_until"] = float("inf")
        with app.app_context():
            with suppress(TakenBack):
                _rehearse()
            sweep_inbound()
            sweep_outbox()
            db.session.remove()
    for path in ("/contact", "/cases", "/health"):
        web.test_client().get(path, headers={"Cookie": cookie})
    for app in (web, worker):
        app.extensions["broker_rests_until"] = 0.0
        _let_go(app)


def _rehearse() -> None:
    with transaction() as session:
        queue, agent = session.scalars(select(Queue)).first(), session.scalars(select(Agent)).first()
        assert queue is not None
        assert agent is not None
        row = receive(LETTER, Delivery("smtp", queue))
        read_mail(row.id)
        take_in(Inquiry("Warm", "warm@kunde.example", "Warm."), Sent("api", queue, "warm", "127.0.0.1"))
        case = session.scalars(select(Case)).first()
        assert case is not None
        claim(case, by=agent)
        message = answer(case, Draft("Warm.", seen=case.last_event_id), by=agent)
        assert message.outbound is not None
        attempt = take(message.outbound.id)
        assert attempt is not None
        bytes_of(attempt.mail)
        attempt.mark_the_dot(attempt.open)
        settle(attempt, {each.id: Fate("sent") for each in attempt.open})
        close(case, by=agent)
        raise TakenBack()


def _let_go(app: Flask) -> None:
    """No connection may be shared with a child."""
    with app.app_context():
        db.engine.dispose()
    app.extensions["broker_probe"].connection_pool.disconnect()
