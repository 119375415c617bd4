"""What stops a conversation with a mail server, said in data."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from helpdesk.mail_out.plain import one_line
from helpdesk.mail_out.server import SmtpServer
from helpdesk.mail_out.words import SAID_MAX, trouble


class Stopped(Exception):
    """The conversation is over before the final dot: the same fate for everyone who has none yet."""

    def __init__(self, fate: Literal["refused", "later"], trouble: Mapping[str, Any], said: str = ""):
        super().__init__(trouble["code"])
        self.fate, self.trouble, self.said = fate, trouble, said


def said(code: int, words: bytes | str) -> str:
    """The server's code and words on one line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}", SAID_MAX)


@contextmanager
def stopped_by(server: SmtpServer, *, connecting: bool = False) -> Iterator[None]:
    """Turn what smtplib and sockets raise inside into Stopped."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        words = said(error.smtp_code, error.smtp_error)
        raise Stopped("later", trouble("login", server=server.host, said=words), words)
    except (smtplib.SMTPNotSupportedError, UnicodeEncodeError):
        raise Stopped("later", trouble("no_login", server=server.host))
    except smtplib.SMTPResponseException as error:
        words = said(error.smtp_code, error.smtp_error)
        raise Stopped("later", trouble("busy", server=server.host, said=words), words)
    except ssl.SSLError as error:
        raise Stopped("later", trouble("tls", server=server.host, said=_tls_reason(error)))
    except (smtplib.SMTPException, OSError) as error:
        if _is_timeout(error):
            raise Stopped("later", trouble("timeout", server=server.host))
        if connecting:
            raise Stopped("later", trouble("unreachable", server=server.host, said=_reason(error)))
        raise Stopped("later", trouble("broken", server=server.host))


def _is_timeout(error: BaseException) -> bool:
    """smtplib wraps a time-out into SMTPServerDisconnected while it is being handled."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)


def _tls_reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or (error.reason or "").replace("_", " ").lower() or str(error)
