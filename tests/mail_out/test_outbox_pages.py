"""The outbox on the screen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.blobs import store
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import CaseEvent, Queue
from helpdesk.cases.open import open_case
from helpdesk.core.db import db, transaction
from helpdesk.customers.match import customer_for
from helpdesk.mail_out.attempt import take
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer

Look = Callable[[OutboundMail], OutboundMail]


@pytest.fixture(autouse=True)
def _outgoing(app: Flask, smtp_server: SmtpServer) -> None:
    app.config["SMTP_URL"] = smtp_server.url


@pytest.fixture
def desk(signed_in: Callable[[Agent], FlaskClient], ada: Agent) -> FlaskClient:
    return signed_in(ada)


@pytest.fixture
def failed(put: Put, smtp_server: SmtpServer) -> OutboundMail:
    """A mail that one of two recipients will not get."""
    smtp_server.rcpt["gone@kunde.example"] = ["550 5.1.1 No such user <b>here</b>"]
    mail = put("kari@kunde.example", "gone@kunde.example", subject="Blue & yellow cable")
    send_mail(mail.id)
    return mail


def test_the_outbox_opens_on_what_failed(desk: FlaskClient, put: Put, failed: OutboundMail) -> None:
    send_mail(put(subject="All is well").id)
    page = desk.get("/settings/outbox").text
    assert "Blue &amp; yellow cable" in page
    assert "Not delivered to gone@kunde.example." in page
    assert "All is well" not in page
    assert "All is well" in desk.get("/settings/outbox?show=sent").text


def test_with_nothing_failed_it_opens_on_what_is_delayed(desk: FlaskClient, put: Put, smtp_server: SmtpServer) -> None:
    smtp_server.at_mail.append("451 later")
    send_mail(put(subject="Patience").id)
    page = desk.get("/settings/outbox").text
    assert "Patience" in page
    assert "delayed, next try" in page


def test_an_empty_outbox_says_that_nothing_failed(desk: FlaskClient) -> None:
    assert "Nothing has failed" in desk.get("/settings/outbox").text


def test_a_mails_page_shows_each_recipient_and_the_servers_words(desk: FlaskClient, failed: OutboundMail) -> None:
    page = desk.get(f"/settings/outbox/{failed.id}").text
    assert "refused the recipient: 550 5.1.1 No such user &lt;b&gt;here&lt;/b&gt;" in page
    assert "250 OK: queued as 1" in page
    assert "Message-ID: &lt;1@desk.example&gt;" in page


def test_the_source_is_byte_for_byte_what_left(
    desk: FlaskClient, failed: OutboundMail, smtp_server: SmtpServer
) -> None:
    response = desk.get(f"/settings/outbox/{failed.id}/source")
    assert response.data == smtp_server.received[0].data
    assert response.headers["Content-Disposition"] == f'attachment; filename="mail-{failed.id}.eml"'
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_a_mail_that_was_never_tried_has_no_source_yet(desk: FlaskClient, put: Put) -> None:
    mail = put()
    assert "has not been tried yet" in desk.get(f"/settings/outbox/{mail.id}").text
    assert desk.get(f"/settings/outbox/{mail.id}/source").status_code == 404


def test_a_sign_in_link_is_its_recipients_alone(
    put: Put, signed_in: Callable[[Agent], FlaskClient], boss: Agent
) -> None:
    mail = put(kind="link", automatic=True, text="https://desk.example/join/very-secret")
    send_mail(mail.id)
    desk = signed_in(boss)
    page = desk.get(f"/settings/outbox/{mail.id}")
    assert (page.status_code, "very-secret" in page.text) == (200, False)
    assert "only its recipient may read it" in page.text
    assert desk.get(f"/settings/outbox/{mail.id}/source").status_code == 403


def test_a_source_that_the_store_lost_is_told_in_words(app: Flask, desk: FlaskClient, failed: OutboundMail) -> None:
    with transaction() as session:
        mail = session.get_one(OutboundMail, failed.id)
        assert mail.raw_sha256 is not None
        store.store().path(mail.raw_sha256).unlink()  # type: ignore[attr-defined]
    page = desk.get(f"/settings/outbox/{failed.id}")
    assert (page.status_code, "no longer in the store" in page.text) == (200, True)


def test_trying_again_sends_to_those_who_do_not_have_it(
    desk: FlaskClient, failed: OutboundMail, look: Look, smtp_server: SmtpServer
) -> None:
    response = desk.post(f"/settings/outbox/{failed.id}/try-again", follow_redirects=True)
    assert "being sent again" in response.text
    assert look(failed).state == "queued"
    send_mail(failed.id)
    assert look(failed).state == "sent"
    assert [each.recipients for each in smtp_server.received] == [["kari@kunde.example"], ["gone@kunde.example"]]


def test_trying_again_gives_a_mail_all_its_days_anew(
    desk: FlaskClient, put: Put, look: Look, smtp_server: SmtpServer
) -> None:
    mail = put()
    smtp_server.at_mail += ["451 later", "451 later"]
    send_mail(mail.id)
    with transaction() as session:
        session.execute(text("update outbound_mails set first_tried_at = now() - interval '6 days', delays = 30"))
    desk.post(f"/settings/outbox/{mail.id}/try-again")
    send_mail(mail.id)
    mail = look(mail)
    assert (mail.state, mail.delays) == ("delayed", 1)
    assert mail.next_try_at - datetime.now(UTC) < timedelta(minutes=2)


def test_what_was_sent_is_not_sent_again_by_a_click(desk: FlaskClient, put: Put, smtp_server: SmtpServer) -> None:
    mail = put()
    send_mail(mail.id)
    response = desk.post(f"/settings/outbox/{mail.id}/try-again")
    assert (response.status_code, "has been sent already" in response.text) == (409, True)
    send_mail(mail.id)
    assert len(smtp_server.received) == 1


@pytest.mark.parametrize("act", ["try-again", "discard"])
def test_a_mail_in_a_workers_hands_is_left_to_it(desk: FlaskClient, put: Put, look: Look, act: str) -> None:
    mail = put()
    take(mail.id)
    response = desk.post(f"/settings/outbox/{mail.id}/{act}", data={"reason": "No"})
    assert (response.status_code, "being sent right now" in response.text) == (409, True)
    assert look(mail).state == "sending"


def test_discarding_needs_a_reason(desk: FlaskClient, put: Put, look: Look) -> None:
    mail = put()
    response = desk.post(f"/settings/outbox/{mail.id}/discard", data={"reason": "  "})
    assert (response.status_code, "Please say why" in response.text) == (400, True)
    assert look(mail).state == "queued"


def test_a_discarded_mail_is_not_sent_and_its_case_says_who_and_why(
    desk: FlaskClient, queue: Queue, ada: Agent, look: Look, smtp_server: SmtpServer
) -> None:
    incoming = Incoming(text="The cable?", from_name="Kari", from_address="kari@kunde.example", subject="Cable")
    case = open_case(queue, incoming, who=customer_for("kari@kunde.example", "Kari"), source="mail")
    mail = answer(case, Draft("The blue one.", seen=case.last_event_id), by=ada).outbound
    assert mail is not None
    desk.post(f"/settings/outbox/{mail.id}/discard", data={"reason": "Wrong customer"})
    send_mail(mail.id)
    assert (look(mail).state, look(mail).problem) == ("discarded", "Discarded by Ada: Wrong customer")
    assert smtp_server.received == []
    event = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "discarded")).one()
    assert (event.actor_id, event.case_id) == (ada.id, case.id)
    assert db.session.scalars(select(AuditEntry)).one().action == "discarded"
    assert desk.get(f"/cases/of-mail/{mail.id}").location.startswith(f"/cases/{case.number}#message-")


def test_the_way_from_a_mail_to_its_case_ends_for_mail_of_no_case(desk: FlaskClient, put: Put) -> None:
    assert desk.get(f"/cases/of-mail/{put().id}").status_code == 404


def test_older_mails_are_a_page_away(desk: FlaskClient, put: Put) -> None:
    for n in range(51):
        put(subject=f"Mail number {n}.")
    page = desk.get("/settings/outbox?show=waiting")
    assert "Mail number 50." in page.text
    assert "Mail number 0." not in page.text
    older = page.text.split("Older mails")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "Mail number 0." in desk.get(older).text


@pytest.mark.parametrize("address", ["?show=everything", "?after=nonsense", "/99", "/99/source"])
def test_nonsense_is_answered_in_words(desk: FlaskClient, address: str) -> None:
    response = desk.get(f"/settings/outbox{address}")
    assert response.status_code in (400, 404)
    assert "Traceback" not in response.text


def test_readers_and_strangers_stay_out(app: Flask, signed_in: Callable[[Agent], FlaskClient], reader: Agent) -> None:
    assert signed_in(reader).get("/settings/outbox").status_code == 403
    assert app.test_client().get("/settings/outbox").status_code == 302


def test_a_banner_says_that_outgoing_mail_is_off_and_how_many_wait(
    app: Flask, desk: FlaskClient, put: Put, smtp_server: SmtpServer
) -> None:
    assert "switched off" not in desk.get("/cases").text
    put()
    smtp_server.at_mail.append("451 later")
    send_mail(put().id)
    app.config["SMTP_URL"] = ""
    page = desk.get("/cases").text
    assert "Outgoing mail is switched off." in page
    assert "2 mails wait." in page


def test_the_page_asks_as_little_of_a_large_outbox_as_of_a_small_one(
    desk: FlaskClient, put: Put, queries: Callable[[Callable[[], object]], list[str]]
) -> None:
    put()
    few = queries(lambda: desk.get("/settings/outbox?show=waiting"))
    for _more in range(40):
        put()
    many = queries(lambda: desk.get("/settings/outbox?show=waiting"))
    assert len(many) == len(few)


def test_the_outbox_speaks_norwegian(app: Flask, desk: FlaskClient, ada: Agent, failed: OutboundMail) -> None:
    with transaction() as session:
        session.get_one(Agent, ada.id).language = "nb"
    page = desk.get("/settings/outbox").text
    assert "Utboks" in page
    assert "Ikke levert til gone@kunde.example." in page
