"""Mail over SMTP: one connection, one mail, a fate for each recipient."""

import contextlib
import logging
import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from helpdesk.core.kill_points import here
from helpdesk.mail_out.delivery import BeforeTheDot, Envelope, Fate
from helpdesk.mail_out.server import NEVER, REQUIRED, SmtpServer
from helpdesk.mail_out.smtp_words import Stopped, said, stopped_by
from helpdesk.mail_out.words import trouble

log = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
QUIT_TIMEOUT_S = 5
LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class SmtpTransport:
    """`timeout_s` holds for connecting, for each command and for each CHUNK_BYTES of the mail; `last_timeout_s` for the
    answer to the final dot, which servers that scan mail take their time over (RFC 5321, 4.5.3.2.6)."""

    server: SmtpServer
    timeout_s: float
    last_timeout_s: float

    def deliver(self, envelope: Envelope, before_the_dot: BeforeTheDot) -> dict[str, Fate]:
        """See Transport.deliver."""
        fates: dict[str, Fate] = {}
        try:
            with self._connection() as smtp:
                here("smtp.connected")
                self._begin(smtp, envelope)
                accepted = self._address(smtp, envelope, fates)
                if accepted:
                    here("smtp.recipients_named")
                    fate = self._hand_over(smtp, envelope, accepted, before_the_dot)
                    fates.update(dict.fromkeys(accepted, fate))
        except Stopped as stop:
            fate = Fate(stop.fate, said=stop.said, trouble=stop.trouble)
            fates = {address: fates.get(address, fate) for address in envelope.recipients}
        return fates

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Connected, encrypted and signed in as the settings say. Raises Stopped."""
        smtp: smtplib.SMTP | None = None
        try:
            with stopped_by(self.server, connecting=True):
                smtp = self._connect()
            with stopped_by(self.server):
                self._secure(smtp)
                self._sign_in(smtp)
            yield smtp
        finally:
            if smtp is not None:
                smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        given: dict[str, Any] = {"timeout": self.timeout_s, "local_hostname": server.helo or _own_name()}
        if server.tls:
            return smtplib.SMTP_SSL(server.host, server.port, context=server.tls_context(), **given)
        return smtplib.SMTP(server.host, server.port, **given)

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.server.tls or self.server.starttls == NEVER:
            return
        if smtp.has_extn("starttls"):
            smtp.starttls(context=self.server.tls_context())
            smtp.ehlo()
        elif self.server.starttls == REQUIRED:
            raise Stopped("later", trouble("no_starttls", server=self.server.host))
        elif self.server.user:
            # Whoever sits in between could have taken the offer out to read the password.
            raise Stopped("later", trouble("bare_login", server=self.server.host))

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        if self.server.user:
            smtp.login(self.server.user, self.server.password)

    def _begin(self, smtp: smtplib.SMTP, envelope: Envelope) -> None:
        """Name the sender. Raises Stopped when this server can never take this mail."""
        options = []
        limit = smtp.esmtp_features.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(envelope.data):
            sizes = f"{len(envelope.data)} > {limit} bytes"
            raise Stopped("refused", trouble("too_large", server=self.server.host, said=sizes), sizes)
        if smtp.has_extn("size"):
            options.append(f"size={len(envelope.data)}")
        if envelope.utf8:
            if not smtp.has_extn("smtputf8"):
                named = ", ".join(address for address in envelope.recipients if not address.isascii())
                raise Stopped("refused", trouble("no_utf8", server=self.server.host, address=named or envelope.sender))
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        with stopped_by(self.server):
            code, words = smtp.mail(envelope.sender, options)
            if code != 250:
                raise self._refusal(code, words)

    def _address(self, smtp: smtplib.SMTP, envelope: Envelope, fates: dict[str, Fate]) -> list[str]:
        """Name the recipients; those that are not accepted get their fate here."""
        accepted = []
        for address in envelope.recipients:
            with stopped_by(self.server):
                code, words = smtp.rcpt(address)
            if code in (250, 251, 252):
                accepted.append(address)
            # 552 to RCPT once meant "too many recipients": to be read as 452 (RFC 5321, 4.5.3.1.10).
            elif 500 <= code < 600 and code != 552:
                text = said(code, words)
                fates[address] = Fate("refused", text, trouble("refused", server=self.server.host, said=text))
            else:
                text = said(code, words)
                fates[address] = Fate("later", text, trouble("busy", server=self.server.host, said=text))
        return accepted

    def _hand_over(
        self, smtp: smtplib.SMTP, envelope: Envelope, accepted: list[str], before_the_dot: BeforeTheDot
    ) -> Fate:
        """The mail itself. Up to the final dot the server must forget it if we break off; after it, nobody knows."""
        with stopped_by(self.server):
            code, words = smtp.docmd("DATA")
            if code != 354:
                raise self._refusal(code, words)
            here("smtp.data_begun")
            data = LEADING_DOT.sub(b"..", envelope.data)
            for start in range(0, len(data), CHUNK_BYTES):
                smtp.send(data[start : start + CHUNK_BYTES])
        here("smtp.before_the_dot")
        before_the_dot(accepted)
        here("smtp.dot_announced")
        try:
            assert smtp.sock is not None
            smtp.sock.settimeout(self.last_timeout_s)
            smtp.send(b".\r\n")
            here("smtp.dot_sent")
            code, words = smtp.getreply()
            here("smtp.answered")
        except (smtplib.SMTPException, OSError) as error:
            log.warning("Lost %s after the final dot of mail %s: %s", self.server, envelope.mail_id, error)
            return Fate("lost")
        if code != 250:
            stop = self._refusal(code, words)
            return Fate(stop.fate, stop.said, stop.trouble)
        self._say_goodbye(smtp)
        return Fate("sent", said(code, words))

    def _refusal(self, code: int, words: bytes) -> Stopped:
        """4xx, and what asks for a sign-in, may pass; any other answer is for good (RFC 5321, 4.2.1)."""
        text = said(code, words)
        if code in (530, 535, 538):
            return Stopped("later", trouble("login", server=self.server.host, said=text), text)
        if 500 <= code < 600:
            return Stopped("refused", trouble("refused_mail", server=self.server.host, said=text), text)
        return Stopped("later", trouble("busy", server=self.server.host, said=text), text)

    def _say_goodbye(self, smtp: smtplib.SMTP) -> None:
        """The mail is delivered: whatever happens now changes nothing."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if smtp.sock is not None:
                smtp.sock.settimeout(QUIT_TIMEOUT_S)
            smtp.quit()


def _own_name() -> str:
    """What we call ourselves in EHLO: a full name if the machine has one, else a literal (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
