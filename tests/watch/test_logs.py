"""One id leads from a mail to its case and to the answer, through the log lines; and no secret stands in them."""

import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import CaseEvent
from helpdesk.core import logs
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.letters import letter
from tests.servers import SmtpServer

log = logging.getLogger("helpdesk.tests")
BODY = "canary of a body"


@pytest.fixture
def lines(app: Flask) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """What is logged, as the JSON lines that a collector would read."""
    told: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(self.format(record))

    keeper = Keep()
    keeper.setFormatter(logs.JsonLines(logs._secrets(app.config)))
    logging.getLogger().addHandler(keeper)
    yield lambda: [json.loads(line) for line in told]
    logging.getLogger().removeHandler(keeper)


def test_one_id_leads_from_the_mail_to_the_case_and_the_answer(
    app: Flask,
    ada: Agent,
    post_mail: Callable[..., InboundMail],
    smtp_server: SmtpServer,
    lines: Callable[[], list[dict[str, str]]],
):
    app.config["SMTP_URL"] = smtp_server.url
    row = post_mail(letter())
    assert row.case is not None
    answer(row.case, Draft("Try the blue cable.", seen=10**9), by=ada)
    mail = db.session.scalars(select(OutboundMail)).one()
    send_mail(mail.id)
    assert len(smtp_server.received) == 1
    assert len(row.trace) == 12
    assert mail.trace == row.trace
    assert set(db.session.scalars(select(CaseEvent.trace))) == {row.trace}
    told = [line["message"] for line in lines() if line.get("trace") == row.trace]
    assert told == ["Mail taken in", "Case opened", "Mail read", "Case answered", "Case sent", "Mail sent"]


def test_two_mails_on_one_case_have_an_id_each_and_the_answer_has_the_second(
    app: Flask, ada: Agent, post_mail: Callable[..., InboundMail]
):
    first = post_mail(letter())
    second = post_mail(letter("Any news?", in_reply_to=first.message_id))
    assert (second.outcome, second.case_id) == ("appended", first.case_id)
    assert first.case is not None
    answer(first.case, Draft("Try the blue cable.", seen=10**9), by=ada)
    assert first.trace != second.trace
    assert db.session.scalars(select(OutboundMail.trace)).one() == second.trace


def test_what_began_in_a_browser_has_the_id_of_the_request(
    post_mail: Callable[..., InboundMail],
    ada: Agent,
    signed_in: Callable[[Agent], FlaskClient],
    lines: Callable[[], list[dict[str, str]]],
):
    case = post_mail(letter()).case
    assert case is not None
    signed_in(ada).post(f"/cases/{case.number}/claim")
    claimed = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "claimed")).one()
    [request] = [line for line in lines() if line.get("endpoint") == "cases.claim_case"]
    assert request["request"] == claimed.trace
    assert (request["status"], request["message"]) == ("303", "POST cases.claim_case")


def test_the_next_piece_of_work_knows_nothing_of_the_one_before():
    with logs.work(task="mail_in.read"):
        logs.bind(trace="abc")
        assert logs.trace() == "abc"
    assert logs.trace() == ""


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("cannot reach redis://:%(valkey)s@127.0.0.1:6379/0", "%(valkey)s"),
        ("the key is %(key)s, it said", "%(key)s"),
        ("smtp://desk:s3cret@mail.example says no", "s3cret"),
        ("password=hunter22 was wrong", "hunter22"),
        ("Authorization: Bearer abcdef0123", "abcdef0123"),
        ("GET /join/Zm9vYmFyZm9vYmFyZm9vYmFy failed", "Zm9vYmFyZm9vYmFyZm9vYmFy"),
        ("born 010190 12345, or 01019012345", "12345"),
        ("to support+c7.abcdefghijklmnopqrstuvwxyz234567@desk.example", "abcdefghijklmnopqrstuvwxyz234567"),
        ("<c7.0123456789abc.abcdefghijklmnopqrstuvwxyz234567@desk.example>", "abcdefghijklmnopqrstuvwxyz234567"),
    ],
)
def test_a_secret_is_left_out_of_a_line(app: Flask, lines: Callable[[], list[dict[str, str]]], said: str, secret: str):
    values = {"valkey": app.config["REDIS_URL"].split(":")[2].split("@")[0], "key": app.config["SECRET_KEY"]}
    log.warning("%s", said % values, extra={"about": {"why": said % values}})
    line = json.dumps(lines()[-1])
    assert secret % values not in line
    assert "[hidden]" in line or "11 digits" in line


def test_a_row_that_the_database_refuses_is_not_repeated_in_the_log(
    app: Flask, ada: Agent, lines: Callable[[], list[dict[str, str]]]
):
    try:
        with transaction() as session:
            insert = "insert into agents (email, name, role, signature) values ('x@desk.example', 'X', 'queen', :body)"
            session.execute(text(insert), {"body": BODY})
    except DBAPIError:
        log.exception("It was refused: %r", sys.exc_info()[1])
    line = json.dumps(lines()[-1])
    assert "violates check constraint" in line
    assert BODY not in line


def test_long_quotations_in_an_error_are_left_out(lines: Callable[[], list[dict[str, str]]]):
    try:
        int("Dear helpdesk, my canary has flown away")
    except ValueError:
        log.exception("A mail could not be read")
    line = lines()[-1]
    assert "canary" not in json.dumps(line["message"])
    assert "ValueError: invalid literal for int() with base 10: '[hidden]'" in line["error"]


def test_readable_lines_carry_the_same_facts():
    with logs.work(trace="1f2e3d", task="mail_in.read"):
        record = log.makeRecord("helpdesk.live", logging.WARNING, "", 0, "Valkey is %s", ("away",), None)
        line = logs.Readable([]).format(record)
    assert line == "WARNING helpdesk.live: Valkey is away  trace=1f2e3d task=mail_in.read"
