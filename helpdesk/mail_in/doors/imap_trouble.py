"""What is wrong with a mailbox, in words that its owner can act on."""

import re
import socket
import ssl
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, LoginError

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import _

WORDS_MAX = 200
CODE = re.compile(r"^\[[A-Z0-9 -]+\] ")
"""A response code (RFC 5530), which is for programs."""
NOT_FOR_THIS_NAME = (62, 64)
EXPIRED = 10
"""OpenSSL's X509_V_ERR_… numbers for a wrong host name or address, and for a certificate past its end."""


class MailboxTrouble(HelpdeskError):
    """The mailbox cannot be read now; the sentence says why and what to do."""

    code, http_status = "mailbox_trouble", 409


def in_plain_words(error: Exception, host: str, port: int) -> MailboxTrouble:
    """The trouble behind an error of the socket, of TLS or of IMAP."""
    at: dict[str, Any] = {"host": host, "port": port}
    if isinstance(error, socket.gaierror | UnicodeError):
        return MailboxTrouble(_("There is no server called %(host)s. Is it spelt right?", **at))
    if isinstance(error, ssl.SSLError):
        return MailboxTrouble(_about_tls(error, at))
    if isinstance(error, TimeoutError):
        return MailboxTrouble(
            _("%(host)s does not answer on port %(port)s. Is the port right, and open in the firewall?", **at)
        )
    if isinstance(error, ConnectionRefusedError):
        return MailboxTrouble(_("%(host)s is there, but no mail server listens on port %(port)s.", **at))
    if isinstance(error, OSError | IMAPClientAbortError):
        return MailboxTrouble(
            _("The connection to %(host)s broke off. What was fetched is safe; the rest follows.", **at)
        )
    if isinstance(error, LoginError):
        return MailboxTrouble(_about_login(error, at))
    return MailboxTrouble(_("%(host)s refused: %(words)s", **at, words=_words(error)))


def _about_tls(error: ssl.SSLError, at: dict[str, Any]) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in NOT_FOR_THIS_NAME:
            return _("The certificate of the server is made out for another name than %(host)s.", **at)
        if error.verify_code == EXPIRED:
            return _("The certificate of %(host)s has expired.", **at)
        return _(
            "The certificate of %(host)s is signed by nobody whom this machine trusts (%(words)s).",
            **at,
            words=error.verify_message,
        )
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return _("%(host)s does not speak TLS on port %(port)s. Try STARTTLS, or port 993.", **at)
    return _("No encrypted connection to %(host)s came about (%(words)s).", **at, words=error.reason or _words(error))


def _about_login(error: LoginError, at: dict[str, Any]) -> str:
    words = _words(error)
    if "PRIVACYREQUIRED" in words.upper():
        return _("%(host)s takes passwords only over an encrypted connection: choose TLS.", **at)
    words = CODE.sub("", words)
    return _(
        "%(host)s refuses this user name and password. It says: %(words)s If two-step sign-in is on, "
        "make an app password.",
        **at,
        words=words.rstrip(".") + ".",
    )


def _words(error: Exception) -> str:
    """The server's own words, cleaned of what a log or a page should not carry."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if text[:2] in ("b'", 'b"'):  # IMAPClient's own str() of bytes
        text = text[2:-1]
    return "".join(letter for letter in text if letter.isprintable())[:WORDS_MAX]
