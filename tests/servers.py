"""Real mail servers on loopback for tests, with the bad days of real ones."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.ports import free_port


@dataclass(frozen=True)
class Received:
    """A mail as the server got it: `data` is the bytes between DATA and the final dot, dots unstuffed."""

    sender: str
    recipients: list[str]
    data: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.data, policy=SMTP_POLICY)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class SmtpServer:
    """A listening server. Its lists say what it does next; when they are empty it takes everything.

    `rcpt`: replies to the next RCPT TO of an address. `after_dot`: for the next mails, a reply to the final dot, or
    "cut" to lose the connection there, or "keep and cut" to have taken the mail before that. `at_data`: "cut" there.
    `at_rcpt` and `before_answering` are called, while the sender waits, at each RCPT TO and after each final dot.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    rcpt: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at_mail: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    after_dot: list[str] = field(default_factory=list)
    before_answering: Callable[[], None] | None = None
    at_rcpt: Callable[[], None] | None = None
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def seen(self) -> list[EmailMessage]:
        """The mails taken, parsed."""
        return [each.message for each in self.received]


class _Talk(SMTP):
    """The conversation, with the cuts that handlers cannot make."""

    plan: SmtpServer

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.plan.connections += 1

    async def smtp_DATA(self, arg: str) -> None:
        if self.plan.at_data and self.plan.at_data.pop(0) == "cut":
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, plan: SmtpServer):
        self.plan = plan

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.plan.at_mail:
            return self.plan.at_mail.pop(0)
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.plan.at_rcpt:
            await asyncio.to_thread(self.plan.at_rcpt)
        if self.plan.rcpt[address]:
            return self.plan.rcpt[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.plan.after_dot.pop(0) if self.plan.after_dot else "250 OK: queued as 1"
        if reply.startswith(("250", "keep")):
            content = envelope.original_content
            assert isinstance(content, bytes)
            login = session.auth_data
            self.plan.received.append(
                Received(
                    sender=(envelope.mail_from or "").strip("<>"),
                    recipients=list(envelope.rcpt_tos),
                    data=content,
                    encrypted=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                    user=login.login.decode() if isinstance(login, LoginPassword) else None,
                )
            )
        if self.plan.before_answering:
            await asyncio.to_thread(self.plan.before_answering)
        if reply.endswith("cut"):
            server.transport.abort()
            return "451 never seen"
        return reply


class _Controller(Controller):
    def __init__(self, plan: SmtpServer, **options: Any):
        self.plan = plan
        super().__init__(_Handler(plan), hostname="127.0.0.1", port=plan.port, **options)

    def factory(self) -> SMTP:
        talk = _Talk(self.handler, **self.SMTP_kwargs)
        talk.plan = self.plan
        return talk


def allow(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator for one user."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        good = (login.login, login.password) == (user.encode(), password.encode())
        return AuthResult(success=good, auth_data=login, handled=good)

    return check


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own, and its server's certificate for 127.0.0.1 and localhost."""

    ca_file: Path
    server_context: ssl.SSLContext


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates that only those trust who are told to."""
    authority = trustme.CA()
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return Authority(ca_file, context)


@contextmanager
def smtp_server_running(**options: Any) -> Iterator[SmtpServer]:
    """An SMTP server that takes everything until its lists say otherwise; keyword arguments are aiosmtpd's."""
    plan = SmtpServer(port=free_port())
    controller = _Controller(plan, **options)
    controller.start()
    # aiosmtpd looks whether the server answers by connecting to it.
    plan.connections = 0
    try:
        yield plan
    finally:
        controller.stop(no_assert=True)


@pytest.fixture
def start_smtp_server() -> Iterator[Callable[..., SmtpServer]]:
    """Start SMTP servers; keyword arguments are aiosmtpd's."""
    with ExitStack() as running:
        yield lambda **options: running.enter_context(smtp_server_running(**options))


@pytest.fixture
def smtp_server(start_smtp_server: Callable[..., SmtpServer]) -> SmtpServer:
    """A plain SMTP server that takes everything."""
    return start_smtp_server(enable_SMTPUTF8=True)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@dataclass(frozen=True)
class S3:
    """An object store of the test's own; `folder` holds its buckets, one folder each."""

    url: str
    folder: Path
    access_key: str = "desk-key"
    secret_key: str = "desk-secret"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server that speaks S3 and checks signatures, with the bucket `files`."""
    folder, port = tmp_path_factory.mktemp("s3"), free_port()
    server = S3(f"http://127.0.0.1:{port}", folder)
    keys = {"NANIO_ACCESS_KEY": server.access_key, "NANIO_SECRET_KEY": server.secret_key}
    options = ["--data-dir", str(folder), "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nanio", "serve", *options, "--no-access-log"], env={**os.environ, **keys}
    )
    try:
        wait_for_port(port)
        (folder / "files").mkdir()
        yield server
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int, seconds: float = 20) -> None:
    """Until somebody listens on loopback; fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            assert time.monotonic() < until, f"nobody listens on port {port}"
            time.sleep(0.05)
        else:
            return
