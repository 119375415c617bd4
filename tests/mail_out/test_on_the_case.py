"""What became of a mail is seen on its case."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.close import close
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.merge import merge
from helpdesk.cases.models import Case, CaseEvent, Queue
from helpdesk.cases.open import open_case
from helpdesk.core.db import db
from helpdesk.customers.models import Contact, Customer
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer


@pytest.fixture(autouse=True)
def _outgoing(app: Flask, smtp_server: SmtpServer) -> None:
    app.config["SMTP_URL"] = smtp_server.url


@dataclass(frozen=True)
class Nobody:
    """Of whom nothing is known yet."""

    customer: Customer | None = None
    contact: Contact | None = None


def opened(queue: Queue) -> Case:
    incoming = Incoming(
        text="The cable?",
        from_name="Kari",
        from_address="kari@kunde.example",
        subject="Cable",
        message_id="first@kunde.example",
    )
    return open_case(queue, incoming, who=Nobody(), source="mail")


@pytest.fixture
def case(queue: Queue) -> Case:
    return opened(queue)


def events(case: Case) -> list[CaseEvent]:
    kinds = ("sent", "delayed", "failed")
    query = select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind.in_(kinds)).order_by(CaseEvent.id)
    return list(db.session.scalars(query))


def answered(case: Case, by: Agent) -> OutboundMail:
    mail = answer(case, Draft("The blue one.", seen=case.last_event_id), by=by).outbound
    assert mail is not None
    return mail


def test_an_answer_that_left_is_noted_with_its_message(case: Case, ada: Agent) -> None:
    mail = answered(case, ada)
    send_mail(mail.id)
    (event,) = events(case)
    assert (event.kind, event.data["mail_id"]) == ("sent", mail.id)
    assert event.message is not None
    assert event.message.outbound_id == mail.id


def test_answers_stand_in_the_thread_of_the_customers_mail(case: Case, ada: Agent, smtp_server: SmtpServer) -> None:
    first, second = answered(case, ada), answered(case, ada)
    send_mail(first.id)
    send_mail(second.id)
    assert [mail["In-Reply-To"] for mail in smtp_server.seen] == ["<first@kunde.example>"] * 2
    assert smtp_server.seen[1]["References"].split() == [first.message_id, "<first@kunde.example>"]
    assert smtp_server.seen[0]["Message-ID"] == first.message_id
    assert not any(mail["Auto-Submitted"] for mail in smtp_server.seen)


def test_a_delay_is_noted_once_for_each_reason(
    case: Case, ada: Agent, smtp_server: SmtpServer, make_due: Callable[[OutboundMail], None]
) -> None:
    mail = answered(case, ada)
    smtp_server.at_mail += ["451 later", "451 still later"]
    for _try in range(3):
        send_mail(mail.id)
        make_due(mail)
    assert [event.kind for event in events(case)] == ["delayed", "sent"]


@pytest.mark.parametrize("closed", [False, True])
def test_an_answer_that_failed_makes_its_case_open_again_for_its_owner(
    case: Case, ada: Agent, smtp_server: SmtpServer, closed: bool
) -> None:
    mail = answered(case, ada)
    if closed:
        close(case, by=ada)
    smtp_server.rcpt["kari@kunde.example"].append("550 5.1.1 No such user")
    send_mail(mail.id)
    db.session.expire_all()
    (event,) = events(case)
    assert (event.kind, event.data["failed"], event.data["reopened"]) == ("failed", ["kari@kunde.example"], closed)
    assert event.data["trouble"]["said"] == "550 5.1.1 No such user"
    assert (case.status, case.owner_id, case.closed_at) == ("open", ada.id, None)


def test_a_confirmation_that_failed_reopens_nothing(case: Case, ada: Agent, put: Put, smtp_server: SmtpServer) -> None:
    close(case, by=ada)
    smtp_server.rcpt["kari@kunde.example"].append("550 5.1.1 No such user")
    send_mail(put(kind="confirmation", automatic=True, case_id=case.id).id)
    db.session.expire_all()
    assert ([event.kind for event in events(case)], case.status) == (["failed"], "closed")


def test_the_fate_is_noted_on_the_case_that_has_the_message_now(case: Case, queue: Queue, ada: Agent) -> None:
    mail = answered(case, ada)
    other = opened(queue)
    merge(case, into=other, by=ada)
    send_mail(mail.id)
    assert [event.kind for event in events(other)] == ["sent"]


def test_mail_of_no_case_is_noted_nowhere(put: Put) -> None:
    mail = put(kind="test")
    send_mail(mail.id)
    assert db.session.scalars(select(CaseEvent)).all() == []
