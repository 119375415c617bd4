"""Running the SMTP and the LMTP door in one process, until told to stop."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from functools import partial

from flask import Flask

from helpdesk.core import logs
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_in.doors.counter import Counter
from helpdesk.mail_in.doors.lmtp import LmtpDoor
from helpdesk.mail_in.doors.smtp import SmtpDoor

FINISH_S = 30.0
"""How long mails under way may take to arrive once we are told to stop."""


class CannotListen(HelpdeskError):
    """A port is taken, an address is not ours, or the certificate cannot be read."""

    code, http_status, sentence = "cannot_listen", 500, _l("The mail door cannot be opened.")


def serve(app: Flask, say: Callable[[str], object]) -> None:
    """Take mail at both doors until SIGTERM or SIGINT; mails under way are finished first, for FINISH_S at most.

    `say` is told where we listen. A port of 0 leaves a door shut. Raises CannotListen.
    """
    logs.speak()
    asyncio.run(_serve(app, say))


async def _serve(app: Flask, say: Callable[[str], object]) -> None:
    loop = asyncio.get_running_loop()
    # aiosmtpd logs every command, with people's addresses.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    counter = Counter(app)
    servers = await _listen(counter, _tls(app), say)
    await stop.wait()
    for server in servers:
        server.close()
    await _finish(counter)
    say("The mail door is closed.")


async def _listen(counter: Counter, tls: ssl.SSLContext | None, say: Callable[[str], object]) -> list[asyncio.Server]:
    loop, settings = asyncio.get_running_loop(), counter.app.config
    host = settings["DOOR_HOST"]
    servers = []
    for kind, door, port in (
        ("SMTP", SmtpDoor, settings["SMTP_DOOR_PORT"]),
        ("LMTP", LmtpDoor, settings["LMTP_DOOR_PORT"]),
    ):
        if not port:
            continue
        try:
            servers.append(await loop.create_server(partial(door, counter, tls), host, port))
        except OSError as error:
            raise CannotListen(
                _l("Port %(port)s of %(host)s cannot be opened: %(why)s.", port=port, host=host, why=error.strerror)
            )
        say(f"{kind} door listens on {host}:{port}")
    if not servers:
        raise CannotListen(_l("Both doors are switched off: set SMTP_DOOR_PORT or LMTP_DOOR_PORT."))
    return servers


def _tls(app: Flask) -> ssl.SSLContext | None:
    """What STARTTLS needs, when DOOR_TLS_CERT and DOOR_TLS_KEY are set."""
    certificate, key = app.config["DOOR_TLS_CERT"], app.config["DOOR_TLS_KEY"]
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise CannotListen(
            _l("The certificate %(file)s cannot be used: %(why)s.", file=certificate, why=error.strerror or error)
        )
    return context


async def _finish(counter: Counter) -> None:
    """Let mails under way arrive, close every connection between two mails, and wait for the threads."""
    counter.closing = True
    patience_ends = asyncio.get_running_loop().time() + FINISH_S
    while counter.open:
        late = asyncio.get_running_loop().time() > patience_ends
        for talk in list(counter.open):
            if late or not talk.is_busy:
                talk.say_goodbye()
        await asyncio.sleep(0.05)
        if late:
            break
    await asyncio.to_thread(counter.threads.shutdown)
