"""The row is the truth: mail that nobody woke a worker for is found."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from helpdesk.cases.models import Queue
from helpdesk.core.db import transaction
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_in.sweep import sweep_inbound
from tests.letters import letter


def make_older() -> None:
    with transaction() as session:
        session.execute(update(InboundMail).values(next_try_at=InboundMail.next_try_at - timedelta(minutes=1)))


def test_mail_that_nobody_woke_is_found_once_it_is_due(app: Flask, queue: Queue) -> None:
    row = receive(letter(), Delivery("pipe", queue))
    assert sweep_inbound() == 0
    make_older()
    assert sweep_inbound() == 1
    read_mail(row.id)
    assert sweep_inbound() == 0
