"""Who wrote a mail, as far as its headers say."""

from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.core.db import db
from helpdesk.mail_reading.mail import Address, Mail


def writer_of(mail: Mail) -> Address | None:
    """The person behind a forwarding server or a rewriting list, else the From. None when nobody is named."""
    person = mail.original_sender or mail.sender
    return person if person is not None and "@" in person.email else None


def agent_forwarding(mail: Mail, writer: Address | None) -> Agent | None:
    """The colleague who passed on a customer's mail, when that is what this is."""
    if mail.forwarded is None or mail.forwarded.sender is None or writer is None:
        return None
    return db.session.scalar(select(Agent).where(Agent.email == writer.email.lower(), Agent.active))
