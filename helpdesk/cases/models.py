"""Queues, cases, messages, attachments, events, drafts."""

from datetime import datetime
from typing import Optional

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Sequence, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Agent
from helpdesk.core.db import Base, Created, Id, Json, JsonList, Moment
from helpdesk.customers.models import Contact, Customer
from helpdesk.mail_out.models import OutboundMail

STATUSES = ("open", "waiting", "closed", "spam")
case_numbers = Sequence("case_numbers", start=1001, metadata=Base.metadata)


class Queue(Base):
    """A shared queue of cases with its own address."""

    __tablename__ = "queues"
    __table_args__ = (CheckConstraint("address = lower(address)", name="address_lower"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    colour: Mapped[int] = mapped_column(server_default="1", default=1)
    """1 to 12: one of the palette's colours."""
    confirms: Mapped[bool] = mapped_column(server_default="true", default=True)
    """Whether a web form's customer gets a confirmation."""
    plus_addresses: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Whether mail to name+anything@ reaches this queue, so that answers may ask for replies there."""
    active: Mapped[bool] = mapped_column(server_default="true", default=True)
    created_at: Mapped[Created]


class Case(Base):
    """One matter of one customer, from first word to last."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("status in ('open','waiting','closed','spam')", name="status"),
        Index("ix_cases_unclaimed", "waiting_since", "id", postgresql_where=text("status='open' and owner_id is null")),
        Index(
            "ix_cases_unclaimed_by_queue",
            "queue_id",
            "waiting_since",
            "id",
            postgresql_where=text("status='open' and owner_id is null"),
        ),
        Index("ix_cases_mine", "owner_id", "waiting_since", "id", postgresql_where=text("status='open'")),
        Index("ix_cases_open", "waiting_since", "id", postgresql_where=text("status='open'")),
        Index("ix_cases_open_by_queue", "queue_id", "waiting_since", "id", postgresql_where=text("status='open'")),
        Index("ix_cases_waiting", "waiting_since", "id", postgresql_where=text("status='waiting'")),
        Index(
            "ix_cases_waiting_by_queue", "queue_id", "waiting_since", "id", postgresql_where=text("status='waiting'")
        ),
        Index("ix_cases_closed", "closed_at", "id", postgresql_where=text("status='closed'")),
        Index("ix_cases_closed_by_queue", "queue_id", "closed_at", "id", postgresql_where=text("status='closed'")),
        Index("ix_cases_customer", "customer_id", "opened_at", "id"),
        Index("ix_cases_owner_id", "owner_id"),
    )

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(BigInteger, case_numbers, server_default=case_numbers.next_value(), unique=True)
    """What people say aloud. Never used again."""
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    subject: Mapped[str] = mapped_column(String(1000))
    status: Mapped[str] = mapped_column(String(20), server_default="open", default="open")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    owned_since: Mapped[datetime | None]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    """mail, form, api or hand."""
    opened_at: Mapped[Created]
    waiting_since: Mapped[Created]
    """Open: since when the customer waits for us. Waiting: since when we wait for the customer."""
    closed_at: Mapped[datetime | None]
    snippet: Mapped[str] = mapped_column(String(250), server_default="", default="")
    """The beginning of the latest words, for the list."""
    from_name: Mapped[str] = mapped_column(String(300), server_default="", default="")
    from_address: Mapped[str] = mapped_column(String(320), server_default="", default="")
    """Who opened it, as they wrote: also where answers go."""
    last_event_id: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    """The latest event that an answer must have seen: a message in or out, or a note."""
    maybe_of_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """Possibly belongs to this case: a person decides."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)

    queue: Mapped[Queue] = relationship()
    owner: Mapped[Agent | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    contact: Mapped[Contact | None] = relationship()
    maybe_of: Mapped[Optional["Case"]] = relationship(foreign_keys=maybe_of_id, remote_side="Case.id")
    merged_into: Mapped[Optional["Case"]] = relationship(foreign_keys=merged_into_id, remote_side="Case.id")


class Participant(Base):
    """Somebody outside who takes part in a case: their replies join it."""

    __tablename__ = "participants"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), server_default="", default="")


class Message(Base):
    """Something said on a case: by the customer (in), to the customer (out), or among colleagues (note)."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("direction in ('in','out','note')", name="direction"),
        Index("ix_messages_case_id_id", "case_id", "id"),
        Index("ix_messages_message_id", "message_id", postgresql_where=text("message_id <> ''")),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    merged_from_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """The case it stood on before a merge."""
    direction: Mapped[str] = mapped_column(String(4))
    at: Mapped[Created]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    from_name: Mapped[str] = mapped_column(String(300), server_default="", default="")
    from_address: Mapped[str] = mapped_column(String(320), server_default="", default="")
    to: Mapped[JsonList]
    """[[name, address]], as `cc`."""
    cc: Mapped[JsonList]
    subject: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    text: Mapped[str] = mapped_column(server_default="", default="")
    """What its author newly wrote."""
    quoted: Mapped[str] = mapped_column(server_default="", default="")
    """Earlier mails and the signature below it: folded, never cut."""
    html: Mapped[str] = mapped_column(Text, server_default="", default="", deferred=True)
    """As it came, not sanitised: cleaned each time it is shown."""
    has_html: Mapped[bool] = mapped_column(Computed("html <> ''", persisted=True))
    message_id: Mapped[str] = mapped_column(String(998), server_default="", default="")
    """The mail's Message-ID without its angle brackets, as mail_reading gives ids."""
    automatic: Mapped[str] = mapped_column(String(40), server_default="", default="")
    """Why a machine wrote it, or empty."""
    warning: Mapped[str] = mapped_column(String(500), server_default="", default="")
    """A new Cc, another Reply-To, an unknown sender: shown, never acted upon."""
    outbound_id: Mapped[int | None] = mapped_column(ForeignKey("outbound_mails.id"), index=True)

    agent: Mapped[Agent | None] = relationship()
    outbound: Mapped[OutboundMail | None] = relationship()
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id")


class Attachment(Base):
    """A file that came or went with a message."""

    __tablename__ = "attachments"

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    inline: Mapped[bool] = mapped_column(server_default="false", default=False)
    content_id: Mapped[str | None] = mapped_column(String(998))


class CaseEvent(Base):
    """What happened on a case: the journal, the live stream, and the reports all read it."""

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case_id_id", "case_id", "id"), Index("ix_case_events_at", "at", "id"))

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    at: Mapped[Created]
    kind: Mapped[str] = mapped_column(String(30))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    data: Mapped[Json]
    trace: Mapped[str] = mapped_column(String(16), server_default="", default="")
    """The id of the mail that made it happen, else of the request."""

    case: Mapped[Case] = relationship()
    actor: Mapped[Agent | None] = relationship()
    message: Mapped[Message | None] = relationship()


class Draft(Base):
    """What an agent has begun to write on a case."""

    __tablename__ = "drafts"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), server_default="answer", default="answer")
    text: Mapped[str] = mapped_column(server_default="", default="")
    cc: Mapped[str] = mapped_column(server_default="", default="")
    saved_at: Mapped[Moment]
