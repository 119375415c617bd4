"""A mail is its worker's while that worker lives, however slow the server, and soon another's when it was killed."""

import time
from collections.abc import Callable

from flask import Flask

from helpdesk.core.db import db
from helpdesk.mail_out.attempt import take
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer
from tests.stack import eventually


def in_a_thread(app: Flask, seen: list[bool], mail_id: int) -> None:
    """As another worker: whether the mail could be had."""
    with app.app_context():
        seen.append(take(mail_id) is not None)
        db.session.remove()


def test_a_slow_server_does_not_cost_the_hold_on_the_mail(
    app: Flask, put: Put, smtp_server: SmtpServer, look: Callable[[OutboundMail], OutboundMail]
) -> None:
    app.config.update(SMTP_URL=smtp_server.url, LEASE_S=1)
    mail, seen = put(), []

    def take_long() -> None:
        time.sleep(2.5)
        in_a_thread(app, seen, mail.id)

    smtp_server.at_rcpt = smtp_server.before_answering = take_long
    send_mail(mail.id)
    assert seen == [False, False]
    assert (look(mail).state, look(mail).attempts, len(smtp_server.received)) == ("sent", 1, 1)


def test_what_a_killed_worker_held_is_free_after_the_lease(app: Flask, put: Put) -> None:
    app.config["LEASE_S"] = 1
    mail = put()
    assert take(mail.id) is not None
    assert take(mail.id) is None
    taken_over = eventually(lambda: take(mail.id), within_s=5)
    assert taken_over.number == 2
    assert taken_over.mail.crashes == 1
