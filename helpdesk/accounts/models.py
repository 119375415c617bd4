"""Agents and how they sign in."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.core.db import Base, Created, Id, Json, Moment

ROLES = ("admin", "agent", "reader")


class Agent(Base):
    """A colleague with a sign-in. A reader sees register and reports and answers nobody."""

    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint("role in ('admin', 'agent', 'reader')", name="role"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(8), server_default="en", default="en")
    signature: Mapped[str] = mapped_column(server_default="", default="")
    active: Mapped[bool] = mapped_column(server_default="true", default=True)
    created_at: Mapped[Created]

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Flask-Login's word for it."""
        return self.active

    def get_id(self) -> str:
        """Flask-Login's word for it."""
        return str(self.id)

    @property
    def may_answer(self) -> bool:
        """Whether this person may change cases."""
        return self.active and self.role in ("admin", "agent")

    @property
    def is_admin(self) -> bool:
        return self.active and self.role == "admin"


class SignIn(Base):
    """One browser that is signed in. Only the hash of its secret is kept; deleting the row ends it."""

    __tablename__ = "sign_ins"

    id: Mapped[Id]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Created]
    last_seen_at: Mapped[Moment] = mapped_column(server_default=func.now())
    network: Mapped[str] = mapped_column(String(64), server_default="")
    browser: Mapped[str] = mapped_column(String(300), server_default="")

    agent: Mapped[Agent] = relationship(lazy="joined", innerjoin=True)


class OneTimeLink(Base):
    """A link that works once and for one purpose: first set-up, a new colleague, a forgotten password."""

    __tablename__ = "one_time_links"

    id: Mapped[Id]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str] = mapped_column(String(30))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]

    agent: Mapped[Agent | None] = relationship()


class AuditEntry(Base):
    """Who changed which setting or record, and how. Rows are only ever added."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "subject", "subject_id", "id"),
        Index("ix_audit_log_actor_id_id", "actor_id", "id"),
        Index("ix_audit_log_subject_id", "subject", "id"),
    )

    id: Mapped[Id]
    at: Mapped[Created]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    change: Mapped[Json]

    actor: Mapped[Agent | None] = relationship()
