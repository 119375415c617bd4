"""The outbox."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.core.db import Base, Created, Id, Json, JsonList, Moment
from helpdesk.mail_out.words import sentence

KINDS = ("answer", "confirmation", "link", "test")
SECRET_KINDS = ("link",)
"""What these say is for their recipient alone: no colleague may read a sign-in link in the outbox."""
STATES = ("queued", "sending", "delayed", "uncertain", "sent", "failed", "discarded")
"""queued: due now. sending: leased by a worker. delayed: tried, next_try_at is ahead. uncertain: the connection was
lost after the final dot; one re-send with the same Message-ID is due. The last three are final; failed: nothing more
is tried, and one recipient or more did not get it."""
DUE = text("outbound_mails.state in ('queued','sending','delayed','uncertain')")
"""Not settled yet, in the very words of the index on due mail."""


class OutboundMail(Base):
    """One mail that leaves, written in the same transaction as the answer it carries."""

    __tablename__ = "outbound_mails"
    __table_args__ = (
        CheckConstraint(
            "state in ('queued','sending','delayed','uncertain','sent','failed','discarded')", name="state"
        ),
        Index(
            "ix_outbound_mails_due",
            "next_try_at",
            "id",
            postgresql_where=text("state in ('queued','sending','delayed','uncertain')"),
        ),
        Index("ix_outbound_mails_state_id", "state", "id"),
        Index("ix_outbound_mails_case_id", "case_id"),
    )

    id: Mapped[Id]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", use_alter=True))
    kind: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str] = mapped_column(String(250), unique=True)
    from_name: Mapped[str] = mapped_column(String(300))
    from_address: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), server_default="", default="")
    subject: Mapped[str] = mapped_column(String(1000))
    text: Mapped[str]
    html: Mapped[str] = mapped_column(server_default="", default="")
    in_reply_to: Mapped[str] = mapped_column(String(998), server_default="", default="")
    references: Mapped[JsonList]
    attachments: Mapped[JsonList]
    """[{sha256, filename, content_type, size, inline, content_id}]"""
    automatic: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Nobody typed it: it says Auto-Submitted and is never answered by a machine."""
    state: Mapped[str] = mapped_column(String(20), server_default="queued", default="queued")
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    leased_until: Mapped[datetime | None]
    next_try_at: Mapped[Created]
    resent: Mapped[int] = mapped_column(server_default="0", default=0)
    """How often it was sent again because the first time's fate was unknown: 0 or 1."""
    first_tried_at: Mapped[datetime | None]
    """When trying began: SEND_GIVE_UP_DAYS count from here, not from when it was written."""
    delays: Mapped[int] = mapped_column(server_default="0", default=0)
    """Tries in a row that ended with "later"; the pause grows with them."""
    crashes: Mapped[int] = mapped_column(server_default="0", default=0)
    """Workers that died while they had it."""
    trouble: Mapped[Json]
    """Why it is delayed, uncertain, failed or discarded: {code, server, said, …}; see words.py."""
    raw_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    """The bytes that left."""
    trace: Mapped[str] = mapped_column(String(16), server_default="", default="")
    """The id of the mail that it answers, else of the request that wrote it."""
    created_at: Mapped[Created]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    sent_at: Mapped[datetime | None]

    recipients: Mapped[list["Recipient"]] = relationship(order_by="Recipient.id", back_populates="mail")

    @property
    def problem(self) -> str:
        """Why it is not simply sent, in the reader's language; empty when there is nothing to say."""
        return sentence(self.trouble)


class Recipient(Base):
    """One address that the mail goes to, and what the server said of it."""

    __tablename__ = "outbound_recipients"
    __table_args__ = (
        CheckConstraint("state in ('waiting','uncertain','sent','failed')", name="state"),
        CheckConstraint("role in ('to','cc','bcc')", name="role"),
    )

    id: Mapped[Id]
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbound_mails.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(3))
    name: Mapped[str] = mapped_column(String(300), server_default="", default="")
    address: Mapped[str] = mapped_column(String(320), index=True)
    state: Mapped[str] = mapped_column(String(20), server_default="waiting", default="waiting")
    """uncertain is written before the final dot leaves, so that a worker that dies there leaves the truth behind."""
    resent: Mapped[int] = mapped_column(server_default="0", default=0)
    answer: Mapped[str] = mapped_column(server_default="", default="")
    """The server's code and words for this recipient."""
    trouble: Mapped[Json]
    """As the mail's own."""
    settled_at: Mapped[datetime | None]

    mail: Mapped[OutboundMail] = relationship(back_populates="recipients")

    @property
    def problem(self) -> str:
        """Why this recipient does not simply have it, in the reader's language."""
        return sentence(self.trouble)


class SentConfirmation(Base):
    """When an address last got an automatic confirmation: at most one in CONFIRMATION_EVERY_S."""

    __tablename__ = "sent_confirmations"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    at: Mapped[Moment]
