"""The only way to fetch a case, a message or a file of it for somebody."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Attachment, Case, Message, Queue
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.mail_out.models import OutboundMail


def case_for(agent: Agent, number: int) -> Case:
    """The case that people call `number`, with its queue, owner, customer and contact loaded.

    A merged case is returned as it is: `merged_into` leads on. Raises NotFound.
    """
    query = (
        select(Case)
        .where(Case.number == number)
        .options(
            joinedload(Case.queue),
            joinedload(Case.owner),
            joinedload(Case.customer),
            joinedload(Case.contact),
            joinedload(Case.maybe_of),
            joinedload(Case.merged_into),
        )
    )
    found = db.session.execute(query).scalar_one_or_none() if 0 < number < 2**63 and agent.active else None
    if found is None:
        raise NotFound()
    return found


def message_for(agent: Agent, message_id: int) -> Message:
    """A message with its HTML and its files. Raises NotFound."""
    query = (
        select(Message).where(Message.id == message_id).options(undefer(Message.html), joinedload(Message.attachments))
    )
    found = db.session.execute(query).unique().scalar_one_or_none() if agent.active else None
    if found is None:
        raise NotFound()
    return found


def attachment_for(agent: Agent, attachment_id: int) -> Attachment:
    """A file of a case. Raises NotFound."""
    found = db.session.get(Attachment, attachment_id) if agent.active else None
    if found is None:
        raise NotFound()
    return found


def place_of_mail(agent: Agent, mail_id: int) -> tuple[Case, int | None]:
    """The case that a mail of ours belongs to, and its message there, if it carries one. Raises NotFound."""
    message = db.session.scalar(select(Message).where(Message.outbound_id == mail_id))
    mail = db.session.get(OutboundMail, mail_id)
    case_id = message.case_id if message else mail and mail.case_id
    found = db.session.get(Case, case_id) if case_id and agent.active else None
    if found is None:
        raise NotFound()
    return found, message.id if message else None


def queue_for(agent: Agent, slug: str) -> Queue:
    """A queue by the last part of its address on the web. Raises NotFound."""
    found = db.session.execute(select(Queue).where(Queue.slug == slug)).scalar_one_or_none() if agent.active else None
    if found is None:
        raise NotFound()
    return found
