"""`flask mail outbox` and `flask mail test`."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from helpdesk.mail_out.send import send_mail
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer, free_port


@pytest.fixture(autouse=True)
def _outgoing(app: Flask, smtp_server: SmtpServer) -> None:
    app.config["SMTP_URL"] = smtp_server.url


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_the_outbox_is_one_json_object_a_line_newest_first(
    cli: FlaskCliRunner, put: Put, smtp_server: SmtpServer
) -> None:
    smtp_server.rcpt["gone@kunde.example"] = ["550 5.1.1 No such user"]
    for address in ("kari@kunde.example", "gone@kunde.example"):
        send_mail(put(address).id)
    lines = [json.loads(line) for line in cli.invoke(args=["mail", "outbox", "--json"]).output.splitlines()]
    assert [(line["id"], line["state"]) for line in lines] == [(2, "failed"), (1, "sent")]
    assert lines[0]["problem"] == "The server at 127.0.0.1 refused the recipient: 550 5.1.1 No such user"
    assert lines[1]["recipients"] == [
        {"address": "kari@kunde.example", "role": "to", "state": "sent", "answer": "250 OK: queued as 1"}
    ]
    failed = cli.invoke(args=["mail", "outbox", "--show", "failed", "--json"]).output
    assert [json.loads(line)["id"] for line in failed.splitlines()] == [2]


@pytest.mark.parametrize(("limit", "expected"), [("1", 1), ("60", 60), ("500", 101)])
def test_the_outbox_is_read_page_by_page(cli: FlaskCliRunner, put: Put, limit: str, expected: int) -> None:
    for _n in range(101):
        put()
    lines = cli.invoke(args=["mail", "outbox", "--json", "--limit", limit]).output.splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == expected


def test_people_see_columns(cli: FlaskCliRunner, put: Put) -> None:
    put("kari@kunde.example", "ola@kunde.example")
    output = cli.invoke(args=["mail", "outbox"]).output
    assert "queued  kari@kunde.example, ola@kunde.example  Blue cable" in output


def test_a_test_mail_says_what_the_server_answered(cli: FlaskCliRunner, smtp_server: SmtpServer) -> None:
    done = cli.invoke(args=["mail", "test", "--to", "me@kunde.example"])
    assert (done.exit_code, done.output) == (0, "Sent to me@kunde.example: 250 OK: queued as 1\n")
    assert smtp_server.received[0].sender == "support@desk.example"


def test_a_test_mail_that_does_not_leave_says_why(app: Flask, cli: FlaskCliRunner, smtp_server: SmtpServer) -> None:
    smtp_server.at_mail.append("550 5.7.1 We do not relay")
    done = cli.invoke(args=["mail", "test", "--to", "me@kunde.example"])
    assert (done.exit_code, "refused the mail: 550 5.7.1 We do not relay" in done.output) == (1, True)
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{free_port()}"
    done = cli.invoke(args=["mail", "test", "--to", "me@kunde.example"])
    assert (done.exit_code, "cannot be reached: Connection refused" in done.output) == (1, True)
    app.config["SMTP_URL"] = ""
    done = cli.invoke(args=["mail", "test", "--to", "me@kunde.example"])
    assert (done.exit_code, "switched off" in done.output) == (1, True)
    done = cli.invoke(args=["mail", "test", "--to", "me at home"])
    assert (done.exit_code, "is not an e-mail address" in done.output) == (1, True)
