"""Worker processes as they run in earnest, one of them killed at the worst moment."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.sweep import sweep_outbox
from tests.mail_out.conftest import Put
from tests.servers import SmtpServer
from tests.stack import Stack, eventually

WORKER = ("celery", "-A", "workers.app", "worker", "-Q", "mail_out", "-c", "1", "--loglevel", "WARNING")


@pytest.fixture
def workers(environment: dict[str, str], smtp_server: SmtpServer, tmp_path: Path) -> Iterator[Stack]:
    settings = {**environment, "PATH": "/usr/bin:/bin", "SMTP_URL": smtp_server.url, "SMTP_LAST_TIMEOUT_S": "60"}
    stack = Stack(settings, "", 0, 0, tmp_path)
    yield stack
    for name in list(stack.processes):
        stack.stop(name)


def test_a_worker_killed_while_the_server_says_yes_leads_to_one_resend(
    app: Flask,
    workers: Stack,
    put: Put,
    smtp_server: SmtpServer,
    look: Callable[[OutboundMail], OutboundMail],
    make_due: Callable[[OutboundMail], None],
) -> None:
    answering, may_answer = threading.Event(), threading.Event()

    def take_your_time() -> None:
        answering.set()
        may_answer.wait(60)

    app.config["SMTP_URL"] = smtp_server.url
    smtp_server.before_answering = take_your_time
    mail = put()
    workers.start("first", *WORKER)
    assert answering.wait(60), workers.logs()
    workers.stop("first", signal.SIGKILL)
    may_answer.set()
    assert (look(mail).state, look(mail).recipients[0].state) == ("sending", "uncertain")
    make_due(mail)
    workers.start("second", *WORKER)
    sweep_outbox()
    eventually(lambda: look(mail).state == "sent", within_s=60, every_s=0.3)
    assert (look(mail).resent, look(mail).crashes) == (1, 1)
    first, second = smtp_server.received
    assert first.data == second.data
