"""Adding, changing and trying out mailboxes. Each change writes one row of audit, never with a password."""

import re
from dataclasses import asdict, dataclass

from flask import current_app
from sqlalchemy import select

from helpdesk.accounts import audit
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import _, _n
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.jobs import later
from helpdesk.mail_in.doors import imap
from helpdesk.mail_in.models import Mailbox
from helpdesk.mail_in.poll import POLL

SECURITIES = ("tls", "starttls", "plain")
AFTERS = ("flag", "move")
LENGTHS = {"name": 100, "host": 253, "username": 320, "folder": 300, "moved_to": 300}
MISSING = _l("This is needed.")


@dataclass(frozen=True)
class MailboxFields:
    """What an admin may say about a mailbox, apart from its password."""

    name: str
    queue_id: int
    host: str
    port: int
    security: str
    username: str
    folder: str = "INBOX"
    after: str = "flag"
    moved_to: str = ""
    skips_old: bool = False
    active: bool = True


def add_mailbox(fields: MailboxFields, password: str, *, by: Agent) -> Mailbox:
    """A new mailbox, polled at once. Raises InvalidInput by field."""
    _check(fields, password)
    with transaction() as session:
        mailbox = Mailbox(**asdict(fields), secret=secret_box.lock(password))
        session.add(mailbox)
        session.flush()
        audit.note(by, "added", "mailbox", mailbox.id, asdict(fields))
        later(POLL, mailbox.id)
    return mailbox


def change_mailbox(mailbox: Mailbox, fields: MailboxFields, password: str, *, by: Agent) -> None:
    """Change a mailbox; an empty `password` keeps the one there is. Raises InvalidInput by field."""
    _check(fields, password or "kept")
    if not password and fields.host.lower() != mailbox.host.lower():
        # Else whoever may change settings could have the password sent to a server of theirs.
        raise InvalidInput(fields={"password": _("Another server needs the password again.")})
    with transaction() as session:
        session.execute(select(Mailbox.id).where(Mailbox.id == mailbox.id).with_for_update())
        session.refresh(mailbox)
        change = audit.differences(mailbox, **asdict(fields))
        if password:
            mailbox.secret = secret_box.lock(password)
            change["password"] = ["", "changed"]
        if any(name in change for name in imap.PLACE):
            mailbox.uidvalidity, mailbox.last_uid = None, 0
        for name, value in asdict(fields).items():
            setattr(mailbox, name, value)
        if change:
            mailbox.problem = ""
            audit.note(by, "changed", "mailbox", mailbox.id, change)
            later(POLL, mailbox.id)


def try_out(fields: MailboxFields, password: str) -> str:
    """Go as far as a poll would, change nothing, and say what was found. Raises InvalidInput and MailboxTrouble."""
    _check(fields, password)
    account = imap.Account(
        host=fields.host,
        port=fields.port,
        security=fields.security,
        username=fields.username,
        password=password,
        folder=fields.folder,
        moved_to=fields.moved_to if fields.after == "move" else "",
        timeout_s=min(15, current_app.config["IMAP_TIMEOUT_S"]),
        may_be_private=current_app.config["IMAP_ALLOW_PRIVATE"],
    )
    # What _check() read may not keep a transaction open while the server answers.
    db.session.rollback()
    with imap.signed_in(account) as client:
        folder = imap.open_folder(client, account, only_look=True)
        sentences = [_n("It works: one mail in the folder.", "It works: %(n)s mails in the folder.", folder.count)]
        if account.moved_to:
            imap.must_exist(client, account.moved_to)
            if not imap.can_move(client):
                sentences.append(_("This server cannot move mail, so taken mail stays where it is."))
        elif not folder.takes_keywords:
            sentences.append(_("This server keeps no marks of ours; what was taken is known all the same."))
        if account.security == "plain":
            sentences.append(_("The password goes over the network in the open: choose TLS if the server has it."))
    return " ".join(sentences)


def _check(fields: MailboxFields, password: str) -> None:
    wrong = {name: MISSING for name in ("name", "host", "username", "folder") if not getattr(fields, name).strip()}
    wrong |= {
        name: _("At most %(n)s characters.", n=length)
        for name, length in LENGTHS.items()
        if len(getattr(fields, name)) > length
    }
    if not password:
        wrong["password"] = MISSING
    if fields.host and not re.fullmatch(r"[^\s/@:]+|[0-9a-fA-F:]+", fields.host):
        wrong["host"] = _("Only the name of the server, such as imap.example.com.")
    if not 0 < fields.port < 65536:
        wrong["port"] = _("A number from 1 to 65535: 993 for TLS, 143 for STARTTLS.")
    if fields.security not in SECURITIES:
        wrong["security"] = MISSING
    if fields.after not in AFTERS:
        wrong["after"] = MISSING
    if fields.after == "move" and not fields.moved_to.strip():
        wrong["moved_to"] = _("Name the folder that taken mail is moved to.")
    elif fields.after == "move" and fields.moved_to == fields.folder:
        wrong["moved_to"] = _("Another folder than the one that is read.")
    if db.session.scalar(select(Queue.id).where(Queue.id == fields.queue_id)) is None:
        wrong["queue_id"] = MISSING
    if wrong:
        raise InvalidInput(fields=wrong)
