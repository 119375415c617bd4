"""A web machine whose clock is wrong: everybody stays signed in, forms are taken, and no age is absurd."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Agent
from helpdesk.cases import wording
from helpdesk.cases.models import Queue
from helpdesk.core import clock, looks
from helpdesk.mail_in.models import InboundMail
from tests.letters import letter

OFF = [timedelta(days=1), timedelta(days=-1), timedelta(days=3652), timedelta(days=-3652)]


@pytest.fixture(params=OFF, ids=lambda off: f"{off.days} days off")
def web_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Sets the clock wrong, when called."""
    off, true_time, true_now = request.param, time.time, clock.now

    def set_wrong() -> None:
        monkeypatch.setattr(time, "time", lambda: true_time() + off.total_seconds())
        for module in (wording, looks):
            monkeypatch.setattr(module, "now", lambda: true_now() + off)

    yield set_wrong
    monkeypatch.undo()


def test_who_was_signed_in_stays_so_and_reads_cases_with_no_negative_age(
    app: Flask,
    ada: Agent,
    signed_in: Callable[[Agent], FlaskClient],
    post_mail: Callable[..., InboundMail],
    web_clock: Callable[[], None],
) -> None:
    post_mail(letter(subject="The printer sings"))
    browser = signed_in(ada)
    web_clock()
    page = browser.get("/cases")
    assert (page.status_code, "The printer sings" in page.text) == (200, True)
    assert "-1 " not in page.text
    assert browser.post("/cases/1001/claim").status_code == 303
    assert "The printer sings" in browser.get("/cases/1001").text


def test_a_form_shown_before_the_clock_was_set_is_taken_at_the_second_try_with_all_its_words(
    app: Flask, queue: Queue, web_clock: Callable[[], None]
) -> None:
    app.config["FORM_MIN_S"] = 0
    visitor = app.test_client()
    typed = {"name": "Nora Vik", "email": "nora@example.net", "message": "Is the blue one in stock?"}
    typed["token"] = token_in(visitor.get("/contact/support").text)
    web_clock()
    first = visitor.post("/contact/support", data=typed)
    if first.status_code != 303:
        assert "Is the blue one in stock?" in first.text
        typed["token"] = token_in(first.text)
        assert visitor.post("/contact/support", data=typed).status_code == 303


def token_in(page: str) -> str:
    return page.partition('name="token"')[2].partition('value="')[2].partition('"')[0]
