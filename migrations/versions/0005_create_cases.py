"""Create cases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("case_numbers", start=1001)))
    op.create_table(
        "queues",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("colour", sa.Integer(), server_default="1", nullable=False),
        sa.Column("confirms", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("plus_addresses", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("address = lower(address)", name=op.f("ck_queues_address_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queues")),
        sa.UniqueConstraint("address", name=op.f("uq_queues_address")),
        sa.UniqueConstraint("name", name=op.f("uq_queues_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_queues_slug")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("nextval('case_numbers')"), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="open", nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("owned_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snippet", sa.String(length=250), server_default="", nullable=False),
        sa.Column("from_name", sa.String(length=300), server_default="", nullable=False),
        sa.Column("from_address", sa.String(length=320), server_default="", nullable=False),
        sa.Column("last_event_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("maybe_of_id", sa.BigInteger(), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status in ('open','waiting','closed','spam')", name=op.f("ck_cases_status")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_cases_contact_id_contacts")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_cases_customer_id_customers")),
        sa.ForeignKeyConstraint(["maybe_of_id"], ["cases.id"], name=op.f("fk_cases_maybe_of_id_cases")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["cases.id"], name=op.f("fk_cases_merged_into_id_cases")),
        sa.ForeignKeyConstraint(["owner_id"], ["agents.id"], name=op.f("fk_cases_owner_id_agents")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_cases_queue_id_queues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index(
        "ix_cases_closed", "cases", ["closed_at", "id"], unique=False, postgresql_where=sa.text("status='closed'")
    )
    op.create_index(
        "ix_cases_closed_by_queue",
        "cases",
        ["queue_id", "closed_at", "id"],
        unique=False,
        postgresql_where=sa.text("status='closed'"),
    )
    op.create_index(op.f("ix_cases_contact_id"), "cases", ["contact_id"], unique=False)
    op.create_index("ix_cases_customer", "cases", ["customer_id", "opened_at", "id"], unique=False)
    op.create_index(op.f("ix_cases_maybe_of_id"), "cases", ["maybe_of_id"], unique=False)
    op.create_index(op.f("ix_cases_merged_into_id"), "cases", ["merged_into_id"], unique=False)
    op.create_index(
        "ix_cases_mine",
        "cases",
        ["owner_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status='open'"),
    )
    op.create_index(
        "ix_cases_open", "cases", ["waiting_since", "id"], unique=False, postgresql_where=sa.text("status='open'")
    )
    op.create_index(
        "ix_cases_open_by_queue",
        "cases",
        ["queue_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status='open'"),
    )
    op.create_index("ix_cases_owner_id", "cases", ["owner_id"], unique=False)
    op.create_index(
        "ix_cases_unclaimed",
        "cases",
        ["waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status='open' and owner_id is null"),
    )
    op.create_index(
        "ix_cases_unclaimed_by_queue",
        "cases",
        ["queue_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status='open' and owner_id is null"),
    )
    op.create_index(
        "ix_cases_waiting", "cases", ["waiting_since", "id"], unique=False, postgresql_where=sa.text("status='waiting'")
    )
    op.create_index(
        "ix_cases_waiting_by_queue",
        "cases",
        ["queue_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status='waiting'"),
    )
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default="answer", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("cc", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_drafts_agent_id_agents"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "agent_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_from_id", sa.BigInteger(), nullable=True),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("from_name", sa.String(length=300), server_default="", nullable=False),
        sa.Column("from_address", sa.String(length=320), server_default="", nullable=False),
        sa.Column("to", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("cc", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("subject", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("quoted", sa.Text(), server_default="", nullable=False),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("has_html", sa.Boolean(), sa.Computed("html <> ''", persisted=True), nullable=False),
        sa.Column("message_id", sa.String(length=998), server_default="", nullable=False),
        sa.Column("automatic", sa.String(length=40), server_default="", nullable=False),
        sa.Column("warning", sa.String(length=500), server_default="", nullable=False),
        sa.Column("outbound_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("direction in ('in','out','note')", name=op.f("ck_messages_direction")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_messages_agent_id_agents")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_messages_case_id_cases"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["merged_from_id"], ["cases.id"], name=op.f("fk_messages_merged_from_id_cases")),
        sa.ForeignKeyConstraint(
            ["outbound_id"], ["outbound_mails.id"], name=op.f("fk_messages_outbound_id_outbound_mails")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_case_id_id", "messages", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_messages_merged_from_id"), "messages", ["merged_from_id"], unique=False)
    op.create_index(
        "ix_messages_message_id", "messages", ["message_id"], unique=False, postgresql_where=sa.text("message_id <> ''")
    )
    op.create_index(op.f("ix_messages_outbound_id"), "messages", ["outbound_id"], unique=False)
    op.create_table(
        "participants",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_participants_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "address", name=op.f("pk_participants")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("inline", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("content_id", sa.String(length=998), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id_messages"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_attachments_sha256_blobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_message_id"), "attachments", ["message_id"], unique=False)
    op.create_index(op.f("ix_attachments_sha256"), "attachments", ["sha256"], unique=False)
    op.create_table(
        "case_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("trace", sa.String(length=16), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["agents.id"], name=op.f("fk_case_events_actor_id_agents")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id_cases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_case_events_message_id_messages"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    op.create_index("ix_case_events_at", "case_events", ["at", "id"], unique=False)
    op.create_index("ix_case_events_case_id_id", "case_events", ["case_id", "id"], unique=False)
    op.create_foreign_key("fk_outbound_mails_case_id_cases", "outbound_mails", "cases", ["case_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_outbound_mails_case_id_cases", "outbound_mails")
    op.drop_index("ix_case_events_case_id_id", table_name="case_events")
    op.drop_index("ix_case_events_at", table_name="case_events")
    op.drop_table("case_events")
    op.drop_index(op.f("ix_attachments_sha256"), table_name="attachments")
    op.drop_index(op.f("ix_attachments_message_id"), table_name="attachments")
    op.drop_table("attachments")
    op.drop_table("participants")
    op.drop_index(op.f("ix_messages_outbound_id"), table_name="messages")
    op.drop_index("ix_messages_message_id", table_name="messages", postgresql_where=sa.text("message_id <> ''"))
    op.drop_index(op.f("ix_messages_merged_from_id"), table_name="messages")
    op.drop_index("ix_messages_case_id_id", table_name="messages")
    op.drop_table("messages")
    op.drop_table("drafts")
    op.drop_index("ix_cases_waiting_by_queue", table_name="cases", postgresql_where=sa.text("status='waiting'"))
    op.drop_index("ix_cases_waiting", table_name="cases", postgresql_where=sa.text("status='waiting'"))
    op.drop_index(
        "ix_cases_unclaimed_by_queue",
        table_name="cases",
        postgresql_where=sa.text("status='open' and owner_id is null"),
    )
    op.drop_index(
        "ix_cases_unclaimed", table_name="cases", postgresql_where=sa.text("status='open' and owner_id is null")
    )
    op.drop_index("ix_cases_owner_id", table_name="cases")
    op.drop_index("ix_cases_open_by_queue", table_name="cases", postgresql_where=sa.text("status='open'"))
    op.drop_index("ix_cases_open", table_name="cases", postgresql_where=sa.text("status='open'"))
    op.drop_index("ix_cases_mine", table_name="cases", postgresql_where=sa.text("status='open'"))
    op.drop_index(op.f("ix_cases_merged_into_id"), table_name="cases")
    op.drop_index(op.f("ix_cases_maybe_of_id"), table_name="cases")
    op.drop_index("ix_cases_customer", table_name="cases")
    op.drop_index(op.f("ix_cases_contact_id"), table_name="cases")
    op.drop_index("ix_cases_closed_by_queue", table_name="cases", postgresql_where=sa.text("status='closed'"))
    op.drop_index("ix_cases_closed", table_name="cases", postgresql_where=sa.text("status='closed'"))
    op.drop_table("cases")
    op.drop_table("queues")
    op.execute(sa.schema.DropSequence(sa.Sequence("case_numbers")))
