"""The confirmation: a number, and not a word of what was typed."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from helpdesk.mail_out.models import OutboundMail, SentConfirmation
from helpdesk.mail_out.reply_tokens import fits, tokens_in
from tests.intake.conftest import WRITTEN

Send = Callable[..., TestResponse]


def confirmations() -> list[OutboundMail]:
    return list(db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)))


def test_it_says_the_number_and_repeats_nothing_typed(send: Send) -> None:
    send(name="BUY PILLS at https://spam.example", topic="CLICK HERE", message="free money")
    mail = confirmations()[0]
    assert "#1001" in mail.subject
    assert "1001" in mail.text
    assert (mail.kind, mail.automatic, mail.from_address) == ("confirmation", True, "support@desk.example")
    said = f"{mail.subject} {mail.text} {mail.html} {mail.from_name} {mail.recipients[0].name}".lower()
    assert not [word for word in ("pills", "spam", "click", "money", "kari", "lamp", "monday") if word in said]


def test_a_reply_to_it_proves_itself(send: Send) -> None:
    send(email="kari@example.com")
    token = tokens_in([confirmations()[0].message_id])[0]
    assert fits(token, "kari@example.com")


def test_it_goes_out_in_the_forms_language(send: Send) -> None:
    send("/contact?lang=nb")
    assert "Vi har mottatt" in confirmations()[0].subject


def test_an_address_gets_one_an_hour(app: Flask, send: Send) -> None:
    for n in range(3):
        send(message=f"Number {n}")
    assert len(confirmations()) == 1
    with transaction() as session:
        session.execute(update(SentConfirmation).values(at=func.now() - timedelta(seconds=3601)))
    send(message="Number four")
    assert len(confirmations()) == 2


def test_a_queue_may_do_without(send: Send, queue: Queue) -> None:
    with transaction():
        queue.confirms = False
    send()
    assert confirmations() == []


def test_our_own_address_gets_none(send: Send, queue: Queue) -> None:
    send(email=queue.address)
    assert confirmations() == []


def test_who_sends_twice_gets_one(send: Send, visitor) -> None:
    from tests.intake.conftest import token_in

    token = token_in(visitor.get("/contact"))
    send(token=token)
    send(token=token)
    assert len(confirmations()) == 1
    assert WRITTEN["email"].split("@")[0] in confirmations()[0].recipients[0].address
