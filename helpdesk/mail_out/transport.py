"""Which way mail leaves, as SMTP_URL says: a server, a folder, or not at all."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

from helpdesk.mail_out.delivery import Transport
from helpdesk.mail_out.folder import FolderTransport
from helpdesk.mail_out.server import SmtpServer
from helpdesk.mail_out.smtp import SmtpTransport


def outgoing_is_off() -> bool:
    """Whether SMTP_URL is empty: mail then waits in the outbox, untried."""
    return not current_app.config["SMTP_URL"]


def transport() -> Transport:
    """The way out. Raises ValueError when SMTP_URL cannot be understood; its text never holds the password."""
    settings = current_app.config
    url = settings["SMTP_URL"]
    if url.startswith(("smtp:", "smtps:")):
        server = SmtpServer.from_url(url, settings["SMTP_STARTTLS"])
        return SmtpTransport(server, settings["SMTP_TIMEOUT_S"], settings["SMTP_LAST_TIMEOUT_S"])
    if url.startswith("file:") or "://" not in url:
        return FolderTransport(Path(unquote(urlsplit(url).path) if url.startswith("file:") else url))
    raise ValueError("write smtp://host, smtps://host or file:///folder")
