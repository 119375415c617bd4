"""A forgotten password."""

import re
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent
from helpdesk.accounts.people import deactivate
from helpdesk.core.db import db, transaction
from helpdesk.mail_out.models import OutboundMail

GOOD = "four blue cables and a lamp"


@pytest.fixture
def forgetful(app: Flask, ada: Agent, tmp_path: Path) -> Agent:
    """An agent with a password, where mail goes out."""
    app.config["SMTP_URL"] = f"file://{tmp_path}"
    with transaction():
        ada.password_hash = passwords.keep("long forgotten by now")
    return ada


def ask(app: Flask, email: str):
    return app.test_client().post("/forgotten", data={"email": email})


def mails() -> int:
    return db.session.scalar(select(func.count(OutboundMail.id)))


def test_the_mailed_link_sets_a_new_password(app: Flask, forgetful: Agent):
    assert "a link is on its way" in ask(app, " Ada@desk.example").text
    mail = db.session.execute(select(OutboundMail)).scalar_one()
    link = re.search(r"http://localhost(/join/\S+)", mail.text).group(1)
    assert app.test_client().post(link, data={"password": GOOD}).location == "/"
    db.session.refresh(forgetful)
    assert passwords.fits(forgetful.password_hash, GOOD)


def test_a_stranger_does_not_learn_who_has_an_account(app: Flask, forgetful: Agent):
    def asked(email: str) -> tuple[set[tuple[int, str]], float]:
        pages, seconds = set(), []
        for _ in range(3):
            begun = time.monotonic()
            answer = ask(app, email)
            seconds.append(time.monotonic() - begun)
            page = re.sub(r'csrf-token" content="[^"]*"', "", answer.text)
            pages.add((answer.status_code, page.replace(email, "EMAIL")))
        return pages, min(seconds)

    known, unknown = asked("ada@desk.example"), asked("eve@desk.example")
    assert known[0] == unknown[0]
    assert abs(known[1] - unknown[1]) < 0.2
    assert mails() == 3


def test_a_deactivated_colleague_gets_no_mail(app: Flask, forgetful: Agent):
    deactivate(forgetful, by=None)
    ask(app, "ada@desk.example")
    assert mails() == 0


def test_an_inbox_is_not_filled_with_links(app: Flask, forgetful: Agent):
    app.config["RATELIMIT_ENABLED"] = True
    assert {ask(app, "ada@desk.example").status_code for _ in range(5)} == {200}
    assert mails() == 3


def test_without_outgoing_mail_the_page_says_whom_to_ask(app: Flask, ada: Agent):
    assert "Ask an admin" in app.test_client().get("/forgotten").text
    assert "Ask an admin" in ask(app, "ada@desk.example").text
    assert mails() == 0
