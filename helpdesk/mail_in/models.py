"""Mailboxes that we poll, and the ledger of every mail that came in."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import Base, Created, Id, Json

DOORS = ("smtp", "lmtp", "imap", "pipe", "form", "api")
FORM_DOORS = ("form", "api")
OUTCOMES = ("new_case", "appended", "duplicate", "automatic", "bounce", "held", "refused", "unreadable")


class Mailbox(Base):
    """An IMAP mailbox that is polled into a queue."""

    __tablename__ = "mailboxes"
    __table_args__ = (
        CheckConstraint("security in ('tls','starttls','plain')", name="security"),
        CheckConstraint("after in ('flag','move')", name="after"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"), index=True)
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int] = mapped_column(server_default="993", default=993)
    security: Mapped[str] = mapped_column(String(10), server_default="tls", default="tls")
    username: Mapped[str] = mapped_column(String(320))
    secret: Mapped[str]
    """The password, locked by core.secret_box."""
    folder: Mapped[str] = mapped_column(String(300), server_default="INBOX", default="INBOX")
    after: Mapped[str] = mapped_column(String(10), server_default="flag", default="flag")
    """What happens to a mail once its row is committed: our own keyword is set, or it is moved to `moved_to`."""
    moved_to: Mapped[str] = mapped_column(String(300), server_default="", default="")
    skips_old: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Whether mail that lay there before the first poll is left alone."""
    active: Mapped[bool] = mapped_column(server_default="true", default=True)
    uidvalidity: Mapped[int | None] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    fetched: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    """How many ledger rows it has made, counted as they were made: the ledger must have as many."""
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    polled_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[Created]

    queue: Mapped[Queue] = relationship()


class InboundMail(Base):
    """The ledger: one row for each delivery to each queue, ending in exactly one outcome."""

    __tablename__ = "inbound_mails"
    __table_args__ = (
        CheckConstraint(
            "outcome in ('new_case','appended','duplicate','automatic','bounce','held','refused','unreadable')",
            name="outcome",
        ),
        CheckConstraint("door in ('smtp','lmtp','imap','pipe','form','api')", name="door"),
        Index(
            "uq_inbound_mails_fetched",
            "mailbox_id",
            "uidvalidity",
            "uid",
            unique=True,
            postgresql_where=text("uid is not null"),
        ),
        Index(
            "uq_inbound_mails_content",
            "queue_id",
            "message_id",
            "content_hash",
            unique=True,
            # A mail that was never read has no hash, and is like no other.
            postgresql_where=text("outcome is not null and outcome <> 'duplicate' and content_hash <> ''"),
        ),
        Index("ix_inbound_mails_todo", "next_try_at", "id", postgresql_where=text("outcome is null")),
        Index("ix_inbound_mails_outcome_id", "outcome", "id"),
        Index("ix_inbound_mails_for_a_person", "id", postgresql_where=text("outcome in ('held','unreadable')")),
        Index("ix_inbound_mails_case_id", "case_id"),
        Index("ix_inbound_mails_message_id", "message_id", postgresql_where=text("message_id <> ''")),
        Index("ix_inbound_mails_received_at", "received_at", "id"),
    )

    id: Mapped[Id]
    received_at: Mapped[Created]
    door: Mapped[str] = mapped_column(String(10))
    trace: Mapped[str] = mapped_column(String(16), server_default="", default="")
    """The id under which every log line, case event and answer about this mail is found."""
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailboxes.id"))
    uidvalidity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    envelope_from: Mapped[str | None] = mapped_column(String(320))
    """None where the door has no envelope; empty for the null sender."""
    envelope_to: Mapped[str] = mapped_column(String(320), server_default="", default="")
    raw_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    content_hash: Mapped[str] = mapped_column(String(64), server_default="", default="")
    """Of headers that do not change on the way and the body: the same mail by two doors has one."""
    size: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[str] = mapped_column(String(998), server_default="", default="")
    sender: Mapped[str] = mapped_column(String(700), server_default="", default="")
    subject: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    outcome: Mapped[str | None] = mapped_column(String(20))
    rule: Mapped[str] = mapped_column(String(60), server_default="", default="")
    """Which rule chose the outcome."""
    evidence: Mapped[Json]
    """What the rule saw, and `sentence` for a person."""
    problems: Mapped[str] = mapped_column(server_default="", default="")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    message_row_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    leased_until: Mapped[datetime | None]
    next_try_at: Mapped[Created]
    done_at: Mapped[datetime | None]

    @property
    def is_free(self) -> bool:
        """Whether it may be decided upon anew: it is on no case, and it is a mail. A form's bytes are none."""
        return self.message_row_id is None and self.door not in FORM_DOORS

    queue: Mapped[Queue] = relationship()
    mailbox: Mapped[Mailbox | None] = relationship()
    case: Mapped[Case | None] = relationship()
