"""Signing in: who gets in, who does not, and how little a stranger learns."""

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from helpdesk.accounts import passwords
from helpdesk.accounts.errors import WrongSignIn
from helpdesk.accounts.models import Agent, SignIn
from helpdesk.accounts.people import deactivate
from helpdesk.accounts.session import places
from helpdesk.accounts.sign_in import sign_in
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import TooMany

PASSWORD = "four blue cables and a lamp"


@pytest.fixture
def ada_with_password(ada: Agent) -> Agent:
    with transaction():
        ada.password_hash = passwords.keep(PASSWORD)
    return ada


def is_in(client: FlaskClient) -> bool:
    return client.get("/sign-in").status_code == 302


def without_token(page: str) -> str:
    return re.sub(r'(csrf-token" content|csrf_token"[^>]* value)="[^"]*"', "", page)


def enter(client: FlaskClient, email: str, password: str, **query: str):
    return client.post("/sign-in", data={"email": email, "password": password}, query_string=query)


def test_the_right_password_lets_an_agent_in_and_on_to_the_page_they_wanted(app: Flask, ada_with_password: Agent):
    client = app.test_client()
    answer = enter(client, " Ada@desk.EXAMPLE ", PASSWORD, next="/customers?q=x")
    assert answer.status_code == 302
    assert answer.location == "/customers?q=x"
    assert is_in(client)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:x",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(app: Flask, ada_with_password: Agent, elsewhere: str):
    assert enter(app.test_client(), "ada@desk.example", PASSWORD, next=elsewhere).location == "/"


def test_unknown_wrong_and_deactivated_get_the_same_answer_and_keep_the_address(app: Flask, ada_with_password: Agent):
    answers = [
        enter(app.test_client(), "ada@desk.example", "not the password"),
        enter(app.test_client(), "ada@desk.example", ""),
    ]
    deactivate(ada_with_password, by=None)
    answers.append(enter(app.test_client(), "ada@desk.example", PASSWORD))
    assert {answer.status_code for answer in answers} == {401}
    unknown = enter(app.test_client(), "eve@desk.example", PASSWORD)
    assert {without_token(answer.text) for answer in answers} == {without_token(unknown.text).replace("eve@", "ada@")}
    assert 'value="eve@desk.example"' in unknown.text
    assert PASSWORD not in unknown.text


def test_an_unknown_account_costs_the_same_work_as_a_wrong_password(app: Flask, ada_with_password: Agent):
    def seconds(email: str) -> float:
        tries = []
        for _ in range(7):
            begun = time.perf_counter()
            with pytest.raises(WrongSignIn):
                sign_in(email, "not the password", "192.0.2.1")
            tries.append(time.perf_counter() - begun)
        return sorted(tries)[1]

    seconds("warm.up@desk.example")
    known, unknown = seconds("ada@desk.example"), seconds("nobody@desk.example")
    assert 0.5 < known / unknown < 2.0


def test_too_many_failures_are_refused_even_with_the_right_password_and_only_for_a_while(
    app: Flask, ada_with_password: Agent
):
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_LIMIT="3 per 1 second")
    for _ in range(3):
        with pytest.raises(WrongSignIn):
            sign_in("ada@desk.example", "guess", "192.0.2.1")
    with pytest.raises(TooMany):
        sign_in("ada@desk.example", PASSWORD, "192.0.2.99")
    time.sleep(1.1)
    assert sign_in("ada@desk.example", PASSWORD, "192.0.2.99") == ada_with_password


def test_a_network_that_guesses_at_many_accounts_is_refused_and_others_are_not(app: Flask, ada_with_password: Agent):
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_NETWORK_LIMIT="4 per 5 minutes")
    for n in range(4):
        with pytest.raises(WrongSignIn):
            sign_in(f"someone{n}@desk.example", "guess", "198.51.100.7")
    with pytest.raises(TooMany):
        sign_in("ada@desk.example", PASSWORD, "198.51.100.7")
    assert sign_in("ada@desk.example", PASSWORD, "198.51.100.8") == ada_with_password


def test_only_failures_count(app: Flask, ada_with_password: Agent):
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_LIMIT="2 per 5 minutes", SIGN_IN_NETWORK_LIMIT="2 per 5 minutes")
    for _ in range(5):
        assert sign_in("ada@desk.example", PASSWORD, "203.0.113.5") == ada_with_password


def test_a_person_over_the_limit_reads_a_sentence_and_429(app: Flask, ada_with_password: Agent):
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_LIMIT="1 per 5 minutes")
    client = app.test_client()
    enter(client, "slow@desk.example", "guess")
    answer = enter(client, "slow@desk.example", "guess")
    assert answer.status_code == 429
    assert "Please wait a little" in answer.text


def test_the_session_is_new_at_each_sign_in_and_what_the_browser_had_is_gone(app: Flask, ada_with_password: Agent):
    client = app.test_client()
    enter(client, "ada@desk.example", PASSWORD)
    first = db.session.execute(select(SignIn)).scalar_one()
    with client.session_transaction() as cookie:
        before = cookie["sign_in"]
    enter(client, "ada@desk.example", PASSWORD)
    with client.session_transaction() as cookie:
        assert cookie["sign_in"] != before
        assert before.encode() not in first.secret_hash
    assert [place.id for place in places(ada_with_password)] != [first.id]
    assert len(places(ada_with_password)) == 1


def test_signing_out_ends_the_session_on_the_server(app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient]):
    client = signed_in(ada)
    with client.session_transaction() as cookie:
        secret = cookie["sign_in"]
    assert client.post("/sign-out").location == "/sign-in"
    with client.session_transaction() as cookie:
        cookie["sign_in"] = secret
    assert not is_in(client)


@pytest.mark.parametrize(("column", "days"), [("last_seen_at", 8), ("created_at", 31)])
def test_a_session_ends_when_long_unused_and_in_any_case_after_a_month(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], column: str, days: int
):
    client = signed_in(ada)
    assert is_in(client)
    with transaction() as session:
        session.execute(text(f"update sign_ins set {column} = now() - interval '{days} days'"))
    assert not is_in(client)


def test_a_deactivated_agent_is_out_with_the_next_request_and_their_sign_ins_are_gone(
    app: Flask, ada: Agent, boss: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    client = signed_in(ada)
    assert is_in(client)
    deactivate(ada, by=boss)
    assert not is_in(client)
    assert db.session.scalars(select(SignIn)).all() == []
