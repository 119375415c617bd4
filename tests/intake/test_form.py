"""The contact form: what is sent becomes a case, and nothing typed is lost."""

import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk.blobs.store import get
from helpdesk.cases.models import Attachment, Case, Message, Queue
from helpdesk.core.db import db, transaction
from helpdesk.customers.models import ContactPoint, Customer
from helpdesk.embedded.valkey import start_valkey
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_out.models import OutboundMail
from tests.intake.conftest import WRITTEN, token_in

Send = Callable[..., TestResponse]


def cases() -> list[Case]:
    return list(db.session.scalars(select(Case).order_by(Case.id)))


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def test_an_inquiry_becomes_a_case_with_its_customer_and_its_row_in_the_ledger(
    visitor: FlaskClient, send: Send
) -> None:
    thanks = visitor.get(send().headers["Location"])
    case = cases()[0]
    assert f"#{case.number}" in text_of(thanks)
    assert (case.subject, case.source, case.status) == ("The lamp flickers", "form", "open")
    assert case.from_name == "Kari Nordmann"
    message = db.session.scalars(select(Message)).one()
    assert message.text == WRITTEN["message"]
    row = db.session.scalars(select(InboundMail)).one()
    assert (row.door, row.outcome, row.rule, row.case_id) == ("form", "new_case", "form", case.id)
    assert json.loads(get(row.raw_sha256))["company"] == "Blåbær AS"
    assert case.customer is not None
    assert (case.customer.name, case.customer.stage) == ("Blåbær AS", "prospect")
    assert {point.kind for point in db.session.scalars(select(ContactPoint))} == {"email", "phone"}


def test_several_files_come_with_it(visitor: FlaskClient, send: Send) -> None:
    files = [(io.BytesIO(b"%PDF-1.4"), "offer.pdf"), (io.BytesIO(b"hello"), "../../notes.txt")]
    send(files=files)
    kept = db.session.scalars(select(Attachment).order_by(Attachment.id)).all()
    assert [(file.filename, file.size) for file in kept] == [("offer.pdf", 8), ("notes.txt", 5)]
    assert get(kept[1].sha256) == b"hello"


def test_each_queue_has_its_form(visitor: FlaskClient, send: Send) -> None:
    with transaction() as session:
        session.add(Queue(name="Sales", slug="sales", address="sales@desk.example"))
    send("/contact/sales")
    assert cases()[0].queue.slug == "sales"
    assert visitor.get("/contact/none").status_code == 404
    assert visitor.get("/contact/%00").status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "  ", "Please say who you are."),
        ("email", "kari(at)example.com", "This does not look like an e-mail address."),
        ("email", "", "We need an address to answer to."),
        ("message", "\n \n", "Please tell us what we can do for you."),
        ("message", "x" * 50_001, "This is longer than 50000 characters."),
        ("topic", "x" * 201, "This is longer than 200 characters."),
    ],
)
def test_a_field_that_cannot_be_taken_is_named_and_everything_else_stays(
    send: Send, field: str, typed: str, sentence: str
) -> None:
    refused = send(**{field: typed})
    assert refused.status_code == 400
    page = text_of(refused)
    assert sentence in page
    for name, value in WRITTEN.items():
        if name != field:
            assert value.splitlines()[0] in page
    assert cases() == []


def test_files_must_be_chosen_again_after_an_error_and_it_says_which(send: Send) -> None:
    page = text_of(send(name="", files=[(io.BytesIO(b"x"), "offer.pdf")]))
    assert "please choose them again: offer.pdf" in page


def test_files_that_are_too_large_together_lose_no_words(app: Flask, send: Send) -> None:
    app.config["ATTACHMENTS_MAX_BYTES"] = 1000
    app.config["MAX_CONTENT_LENGTH"] = 1200
    refused = send(files=[(io.BytesIO(b"x" * 1500), "film.mp4")])
    assert refused.status_code == 413
    assert "The files are too large together" in text_of(refused)
    assert "It began on Monday." in text_of(refused)
    assert cases() == []


def test_a_double_click_is_one_case_and_one_thank_you(visitor: FlaskClient, send: Send) -> None:
    token = token_in(visitor.get("/contact"))
    first, second = send(token=token), send(token=token)
    assert len(cases()) == 1
    assert first.headers["Location"] == second.headers["Location"]
    assert [row.outcome for row in db.session.scalars(select(InboundMail).order_by(InboundMail.id))] == [
        "new_case",
        "duplicate",
    ]


def test_two_clicks_in_the_same_moment_are_one_case(app: Flask, visitor: FlaskClient) -> None:
    token = token_in(visitor.get("/contact"))

    def click(_n: int) -> str:
        return app.test_client().post("/contact", data={**WRITTEN, "token": token}).headers["Location"]

    with ThreadPoolExecutor(6) as clicks:
        assert len(set(clicks.map(click, range(6)))) == 1
    assert len(cases()) == 1


def test_other_words_under_the_same_token_are_another_case(visitor: FlaskClient, send: Send) -> None:
    token = token_in(visitor.get("/contact"))
    send(token=token)
    send(token=token, message="I forgot: it is the blue lamp.")
    assert len(cases()) == 2


def test_a_program_that_fills_in_everything_is_asked_again_and_a_person_only_sends_again(
    visitor: FlaskClient, send: Send
) -> None:
    asked = send(website="https://spam.example")
    assert "as programs do" in text_of(asked)
    assert cases() == []
    assert "spam.example" not in text_of(asked)
    assert send(token=token_in(asked)).status_code == 303


def test_a_form_sent_at_once_is_asked_again_and_then_taken(app: Flask, visitor: FlaskClient, send: Send) -> None:
    app.config["FORM_MIN_S"] = 3600
    asked = send()
    assert "That was very quick" in text_of(asked)
    assert "It began on Monday." in text_of(asked)
    app.config["FORM_MIN_S"] = 0
    assert send(token=token_in(asked)).status_code == 303


@pytest.mark.parametrize("token", ["forged", "WyJhIiwxXQ.c2ln", "x" * 10_000, "\x00"])
def test_a_forged_token_is_asked_again_with_a_good_one(visitor: FlaskClient, send: Send, token: str) -> None:
    asked = send(token=token)
    assert asked.status_code == 400
    assert send(token=token_in(asked)).status_code == 303


def test_too_many_from_an_address_wait_and_lose_nothing(app: Flask, send: Send) -> None:
    app.config.update(RATELIMIT_ENABLED=True, FORM_LIMIT="2 per 10 minutes")
    assert [send(message=f"Number {n}").status_code for n in range(3)] == [303, 303, 429]
    refused = send(message="Number four")
    assert "Too many inquiries in a short time" in text_of(refused)
    assert "Number four" in text_of(refused)
    assert send(email="other@example.com").status_code == 303


def test_too_many_from_a_network_wait_whoever_they_say_they_are(app: Flask, send: Send) -> None:
    app.config.update(RATELIMIT_ENABLED=True, FORM_NETWORK_LIMIT="2 per 10 minutes")
    answers = [send(email=f"n{n}@example.com", message=f"{n}").status_code for n in range(3)]
    assert answers == [303, 303, 429]


def test_with_the_database_away_the_words_are_given_back(app: Flask, visitor: FlaskClient, send: Send) -> None:
    token = token_in(visitor.get("/contact"))
    with transaction() as session:
        session.connection().exec_driver_sql("alter table cases rename to cases_away")
    try:
        refused = send(token=token)
    finally:
        with transaction() as session:
            session.connection().exec_driver_sql("alter table cases_away rename to cases")
    assert refused.status_code == 503
    assert "It began on Monday." in text_of(refused)
    assert db.session.scalars(select(InboundMail)).all() == []
    assert db.session.scalars(select(Customer)).all() == []
    assert send(token=token_in(refused)).status_code == 303


def test_with_valkey_stopped_an_inquiry_is_taken_in_and_limits_still_hold(app: Flask, send: Send, tmp_path) -> None:
    from helpdesk.core import jobs, limits

    with start_valkey(tmp_path / "valkey") as server:
        app.config["REDIS_URL"] = server.url
    kept = {name: app.extensions[name] for name in ("celery", "broker_probe", "broker_rests_until", "counters")}
    app.extensions.pop("live_valkey", None)
    app.config.update(RATELIMIT_ENABLED=True, FORM_LIMIT="2 per 10 minutes")
    jobs.make_celery(app)
    limits.install(app)
    try:
        assert [send(message=f"{n}").status_code for n in range(3)] == [303, 303, 429]
    finally:
        app.extensions.update(kept)
        app.extensions.pop("live_valkey", None)
    assert len(cases()) == 2
    assert db.session.scalars(select(OutboundMail)).one().state == "queued"


def test_no_cookie_is_set_and_none_is_needed(app: Flask, visitor: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    page = visitor.get("/contact?embed=1")
    assert "Set-Cookie" not in page.headers
    sent = app.test_client(use_cookies=False).post("/contact?embed=1", data={**WRITTEN, "token": token_in(page)})
    assert sent.status_code == 303
    assert "Set-Cookie" not in sent.headers
    assert "embed=1" in sent.headers["Location"]


def test_only_named_sites_may_frame_the_form_and_only_the_framed_one(app: Flask, visitor: FlaskClient) -> None:
    def framers(path: str) -> str:
        policy = visitor.get(path).headers["Content-Security-Policy"]
        return re.search(r"frame-ancestors ([^;]*)", policy).group(1)  # type: ignore[union-attr]

    assert framers("/contact?embed=1") == "'none'"
    app.config["FORM_ANCESTORS"] = ["https://www.fjordlys.example"]
    assert framers("/contact?embed=1") == "'self' https://www.fjordlys.example"
    assert framers("/contact") == "'none'"


def test_the_form_speaks_the_visitors_language(visitor: FlaskClient, send: Send) -> None:
    assert "Skriv til oss" in text_of(visitor.get("/contact", headers={"Accept-Language": "nb-NO,nb;q=0.9"}))
    assert "Write to us" in text_of(visitor.get("/contact?lang=en", headers={"Accept-Language": "nb"}))
    location = send("/contact?lang=nb").headers["Location"]
    assert "lang=nb" in location
    assert "Takk" in text_of(visitor.get(location))


def test_the_address_may_fill_in_a_field(visitor: FlaskClient) -> None:
    page = text_of(visitor.get("/contact?topic=Order+%22A%22+%3Cb%3E"))
    assert "Order &#34;A&#34; &lt;b&gt;" in page


def test_the_thank_you_page_says_only_numbers_that_we_gave(visitor: FlaskClient) -> None:
    assert visitor.get("/contact/thanks/WzEsdHJ1ZV0.forged").status_code == 404


def test_without_a_topic_the_subject_is_the_messages_beginning(send: Send) -> None:
    send(topic="")
    assert cases()[0].subject == "It began on Monday. What can I do?"
