"""What once broke something and is no mail: each as it was sent. Mails are in seeds/mails/."""

import contextvars
import functools
import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput
from helpdesk.core.paging import decode
from helpdesk.customers.email_address import normal_email
from helpdesk.mail_in.models import InboundMail
from tests.fuzz.values import as_cursor
from tests.letters import letter


@pytest.mark.parametrize("plain", ["[" * 5000, '["\\ud800", 1]', '["\\u0000", 1]', "{}", "[1]"])
def test_a_cursor_that_nobody_wrote_is_refused(plain: str) -> None:
    """Nested too deep it raised RecursionError; a lone surrogate reached the database's driver."""
    with pytest.raises(InvalidInput):
        decode(as_cursor(plain), [str, int])


@pytest.mark.parametrize("text", ["post@example.org。", "post@EXAMPLE.org.", "post@example.org．", "post@example.org"])
def test_a_full_stop_of_any_script_behind_the_domain_makes_no_second_customer(text: str) -> None:
    assert normal_email(text) == "post@example.org"


def test_a_queue_whose_name_is_no_text_is_not_found(app: Flask, queue: Queue) -> None:
    body = json.dumps({"name": "Kari", "email": "kari@example.org", "message": "Hi", "queue": "\ud800"})
    answer = app.test_client().post("/api/inquiries", data=body, content_type="application/json")
    assert answer.status_code == 404


def test_an_address_line_that_is_no_address_is_nobodys_concern(
    signed_in: Callable[[Agent], FlaskClient], ada: Agent, post_mail: Callable[..., InboundMail]
) -> None:
    case = post_mail(letter()).case
    assert case is not None
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": "http://["}
    answer = signed_in(ada).get(f"/cases/{case.number}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["HX-Push-Url"] == f"/cases/{case.number}"


def test_a_merge_can_be_undone_from_the_page(
    signed_in: Callable[[Agent], FlaskClient], ada: Agent, post_mail: Callable[..., InboundMail]
) -> None:
    """It answered 500: the case comes with its owner and customer, and PostgreSQL locks no outer join."""
    first, second = (post_mail(letter(subject=subject)).case for subject in ("One", "Two"))
    assert first is not None
    assert second is not None
    one, two = first.number, second.number
    client = signed_in(ada)
    db.session.remove()
    for path, fields in ((f"/cases/{two}/merge", {"into": one}), (f"/cases/{two}/unmerge", {})):
        send = functools.partial(client.post, path, data=fields)
        assert contextvars.Context().run(send).status_code == 303
    assert db.session.query(Case.merged_into_id).where(Case.number == two).scalar() is None


def test_a_case_that_was_never_merged_cannot_be_taken_out_again(
    signed_in: Callable[[Agent], FlaskClient], ada: Agent, post_mail: Callable[..., InboundMail]
) -> None:
    case = post_mail(letter()).case
    assert case is not None
    number = case.number
    db.session.remove()
    client = signed_in(ada)
    answer = contextvars.Context().run(lambda: client.post(f"/cases/{number}/unmerge"))
    assert answer.status_code == 409
