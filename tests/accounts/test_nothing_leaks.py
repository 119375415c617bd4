"""Passwords, links and session secrets stay where they belong; what a request claims about itself is not believed.

The same of mail, in the logs of worker and door and in Valkey: tests/watch/test_running_desk.py.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

import config
from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent, SignIn
from helpdesk.accounts.people import link_for
from helpdesk.core.db import Base, db, transaction
from helpdesk.factory import create_app
from helpdesk.mail_out.models import OutboundMail

CANARY = "canary-7f3a four blue cables"


def everything_stored() -> str:
    """Every row of every table, as text."""
    names = [table.name for table in Base.metadata.sorted_tables]
    with db.engine.connect() as connection:
        return "\n".join(
            str(row) for name in names for row in connection.execute(text(f'select t::text from "{name}" t'))
        )


def test_no_secret_reaches_logs_valkey_or_the_database(
    app: Flask, ada: Agent, environment: dict[str, str], caplog: pytest.LogCaptureFixture
):
    app.config["RATELIMIT_ENABLED"] = True
    caplog.set_level(logging.DEBUG)
    with transaction():
        ada.password_hash = passwords.keep(CANARY)
    link = link_for(ada, by=None)
    client = app.test_client()
    client.post("/sign-in", data={"email": "ada@desk.example", "password": CANARY + " wrong"})
    client.post("/sign-in", data={"email": "ada@desk.example", "password": CANARY})
    client.post("/settings/me/password", data={"old": CANARY, "password": CANARY + " again"})
    client.post(link.removeprefix("http://localhost"), data={"password": CANARY + " by link"})
    with client.session_transaction() as cookie:
        session_secret = cookie["sign_in"]
    valkey = redis.Redis.from_url(environment["REDIS_URL"])
    kept = everything_stored() + caplog.text + str(valkey.keys("*"))
    assert "ada@desk.example" in kept, "the search looks at nothing"
    for secret in ("canary-7f3a", link.rsplit("/", 1)[1], session_secret):
        assert secret not in kept
        assert secret.encode().hex() not in kept


def test_a_crash_repeats_nothing_of_what_was_typed_on_the_page_or_in_the_log(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], capsys: pytest.CaptureFixture[str]
):
    """Typed into a form whose table is gone: as bad as it gets."""
    client = signed_in(ada)
    typed = {"name": CANARY, "language": "en", "signature": f"Born 010190 12345, {CANARY}"}
    with transaction() as session:
        session.execute(text("alter table audit_log rename to elsewhere"))
    try:
        answer = client.post("/settings/me", data=typed)
    finally:
        with transaction() as session:
            session.execute(text("alter table elsewhere rename to audit_log"))
    logged = capsys.readouterr().err
    assert answer.status_code == 500
    assert "UndefinedTable" in logged, "the search looks at nothing"
    for secret in (CANARY, "canary-7f3a", "010190 12345", app.config["SECRET_KEY"]):
        assert secret not in answer.text + logged


def test_links_lead_to_our_own_address_whatever_host_the_request_names(app: Flask, ada: Agent, tmp_path: Path):
    app.config.update(BASE_URL="https://desk.example", SMTP_URL=f"file://{tmp_path}")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    app.test_client().post("/forgotten", data={"email": "ada@desk.example"}, headers=headers)
    mail = db.session.execute(select(OutboundMail)).scalar_one()
    assert "https://desk.example/join/" in mail.text
    assert "evil.example" not in mail.text


@pytest.mark.parametrize(("proxies", "network"), [("0", "127.0.0.1"), ("1", "203.0.113.9")])
def test_a_forwarded_address_counts_only_behind_as_many_proxies_as_the_settings_say(
    app: Flask, ada: Agent, environment: dict[str, str], proxies: str, network: str
):
    with transaction():
        ada.password_hash = passwords.keep(CANARY)
    served = create_app(config.load({**environment, "TRUSTED_PROXIES": proxies}, services={}))
    served.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    typed = {"email": "ada@desk.example", "password": CANARY}
    assert served.test_client().post("/sign-in", data=typed, headers=headers).status_code == 302
    assert db.session.execute(select(SignIn.network)).scalar_one() == network
