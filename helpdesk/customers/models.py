"""Customers, contacts and the ways to reach them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Label,
    String,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from helpdesk.accounts.models import Agent
from helpdesk.core.db import Base, Created, Id, Json, Moment

KINDS = ("company", "person")
STAGES = ("suspect", "prospect", "customer", "former")
ADDRESS_KINDS = ("visit", "post", "invoice", "delivery")


def found_by_word(name: str, column: str) -> Index:
    """An index that finds the beginnings of words in a column (pg_trgm)."""
    words: Label[str] = literal_column(column).label("words")
    return Index(name, words, postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"})


class Customer(Base):
    """A company or a private person. `version` counts edits, so that two people cannot overwrite each other unseen."""

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("kind in ('company', 'person')", name="kind"),
        CheckConstraint("stage in ('suspect', 'prospect', 'customer', 'former')", name="stage"),
        Index("uq_customers_org_no", "org_no", unique=True, postgresql_where=text("org_no is not null")),
        Index("ix_customers_name_id", text("lower(name)"), "id"),
        Index("ix_customers_stage_name_id", "stage", text("lower(name)"), "id"),
        found_by_word("ix_customers_name_words", "lower(name)"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(300))
    stage: Mapped[str] = mapped_column(String(20))
    org_no: Mapped[str | None] = mapped_column(String(20))
    industry: Mapped[str] = mapped_column(String(200), server_default="", default="")
    website: Mapped[str] = mapped_column(String(300), server_default="", default="")
    language: Mapped[str] = mapped_column(String(8), server_default="", default="")
    about: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[Created]
    updated_at: Mapped[Moment] = mapped_column(server_default=func.now())

    sort_name: Mapped[str] = column_property(func.lower(name, type_=Text))
    contacts: Mapped[list["Contact"]] = relationship(back_populates="customer", order_by="Contact.id")
    addresses: Mapped[list["PostalAddress"]] = relationship(back_populates="customer", order_by="PostalAddress.id")


class Contact(Base):
    """A person at a customer. A private person is a customer with one contact: themselves."""

    __tablename__ = "contacts"
    __table_args__ = (found_by_word("ix_contacts_name_words", "lower(name)"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    position: Mapped[str] = mapped_column(String(200), server_default="", default="")
    says_company: Mapped[str] = mapped_column(String(300), server_default="", default="")
    """The company that they said they are with, which nobody has confirmed."""
    left_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[Created]

    customer: Mapped[Customer] = relationship(back_populates="contacts")
    points: Mapped[list["ContactPoint"]] = relationship(order_by="ContactPoint.id")


class ContactPoint(Base):
    """One e-mail address or phone number: of a contact, or of the customer as such (post@, the switchboard)."""

    __tablename__ = "contact_points"
    __table_args__ = (
        CheckConstraint("kind in ('email', 'phone')", name="kind"),
        Index("uq_contact_points_email", "value", unique=True, postgresql_where=text("kind = 'email'")),
        Index("ix_contact_points_phone", "value", postgresql_where=text("kind = 'phone'")),
        Index("ix_contact_points_domain", "domain", "customer_id", postgresql_where=text("kind = 'email'")),
        found_by_word("ix_contact_points_value_words", "value"),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(320))
    """An e-mail address in lower case, or a phone number in E.164 where we could read it, else as typed."""
    shown: Mapped[str] = mapped_column(String(320), server_default="", default="")
    """As the person wrote it."""
    domain: Mapped[str | None] = mapped_column(
        String(320), Computed("case when kind = 'email' then split_part(value, '@', 2) end", persisted=True)
    )
    undeliverable_at: Mapped[datetime | None]
    undeliverable_why: Mapped[str] = mapped_column(String(500), server_default="", default="")
    created_at: Mapped[Created]


class PostalAddress(Base):
    """Where a customer is visited, gets post, or is invoiced."""

    __tablename__ = "postal_addresses"
    __table_args__ = (CheckConstraint("kind in ('visit', 'post', 'invoice', 'delivery')", name="kind"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    street: Mapped[str] = mapped_column(String(300), server_default="", default="")
    postcode: Mapped[str] = mapped_column(String(20), server_default="", default="")
    city: Mapped[str] = mapped_column(String(200), server_default="", default="")
    country: Mapped[str] = mapped_column(String(2), server_default="NO", default="NO")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[Created]

    customer: Mapped[Customer] = relationship(back_populates="addresses")


class TimelineEntry(Base):
    """Something that happened between a customer and us, in the order in which it happened. Rows are only added."""

    __tablename__ = "timeline_entries"
    __table_args__ = (Index("ix_timeline_entries_customer", "customer_id", "at", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    at: Mapped[Created]
    kind: Mapped[str] = mapped_column(String(30))
    """What happened: to a case (opened, wrote, answered, closed, …) or to a contact (came, went)."""
    title: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    """What it was about, as it was called then."""
    case_number: Mapped[int | None] = mapped_column(BigInteger)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"), index=True)
    data: Mapped[Json]

    contact: Mapped[Contact | None] = relationship()
    actor: Mapped[Agent | None] = relationship()
