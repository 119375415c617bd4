"""Create mail in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("port", sa.Integer(), server_default="993", nullable=False),
        sa.Column("security", sa.String(length=10), server_default="tls", nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(length=300), server_default="INBOX", nullable=False),
        sa.Column("after", sa.String(length=10), server_default="flag", nullable=False),
        sa.Column("moved_to", sa.String(length=300), server_default="", nullable=False),
        sa.Column("skips_old", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fetched", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("after in ('flag','move')", name=op.f("ck_mailboxes_after")),
        sa.CheckConstraint("security in ('tls','starttls','plain')", name=op.f("ck_mailboxes_security")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_mailboxes_queue_id_queues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
    )
    op.create_index(op.f("ix_mailboxes_queue_id"), "mailboxes", ["queue_id"], unique=False)
    op.create_table(
        "inbound_mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("door", sa.String(length=10), nullable=False),
        sa.Column("trace", sa.String(length=16), server_default="", nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("envelope_from", sa.String(length=320), nullable=True),
        sa.Column("envelope_to", sa.String(length=320), server_default="", nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.String(length=998), server_default="", nullable=False),
        sa.Column("sender", sa.String(length=700), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("rule", sa.String(length=60), server_default="", nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("problems", sa.Text(), server_default="", nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("message_row_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("door in ('smtp','lmtp','imap','pipe','form','api')", name=op.f("ck_inbound_mails_door")),
        sa.CheckConstraint(
            "outcome in ('new_case','appended','duplicate','automatic','bounce','held','refused','unreadable')",
            name=op.f("ck_inbound_mails_outcome"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_inbound_mails_case_id_cases")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_inbound_mails_mailbox_id_mailboxes")),
        sa.ForeignKeyConstraint(
            ["message_row_id"],
            ["messages.id"],
            name=op.f("fk_inbound_mails_message_row_id_messages"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_inbound_mails_queue_id_queues")),
        sa.ForeignKeyConstraint(["raw_sha256"], ["blobs.sha256"], name=op.f("fk_inbound_mails_raw_sha256_blobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mails")),
    )
    op.create_index("ix_inbound_mails_case_id", "inbound_mails", ["case_id"], unique=False)
    op.create_index(
        "ix_inbound_mails_message_id",
        "inbound_mails",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id <> ''"),
    )
    op.create_index(op.f("ix_inbound_mails_message_row_id"), "inbound_mails", ["message_row_id"], unique=False)
    op.create_index("ix_inbound_mails_outcome_id", "inbound_mails", ["outcome", "id"], unique=False)
    op.create_index(
        "ix_inbound_mails_for_a_person",
        "inbound_mails",
        ["id"],
        unique=False,
        postgresql_where=sa.text("outcome in ('held','unreadable')"),
    )
    op.create_index(op.f("ix_inbound_mails_raw_sha256"), "inbound_mails", ["raw_sha256"], unique=False)
    op.create_index("ix_inbound_mails_received_at", "inbound_mails", ["received_at", "id"], unique=False)
    op.create_index(
        "ix_inbound_mails_todo",
        "inbound_mails",
        ["next_try_at", "id"],
        unique=False,
        postgresql_where=sa.text("outcome is null"),
    )
    op.create_index(
        "uq_inbound_mails_content",
        "inbound_mails",
        ["queue_id", "message_id", "content_hash"],
        unique=True,
        postgresql_where=sa.text("outcome is not null and outcome <> 'duplicate' and content_hash <> ''"),
    )
    op.create_index(
        "uq_inbound_mails_fetched",
        "inbound_mails",
        ["mailbox_id", "uidvalidity", "uid"],
        unique=True,
        postgresql_where=sa.text("uid is not null"),
    )


def downgrade() -> None:
    op.drop_index("uq_inbound_mails_fetched", table_name="inbound_mails", postgresql_where=sa.text("uid is not null"))
    op.drop_index(
        "uq_inbound_mails_content",
        table_name="inbound_mails",
        postgresql_where=sa.text("outcome is not null and outcome <> 'duplicate' and content_hash <> ''"),
    )
    op.drop_index("ix_inbound_mails_todo", table_name="inbound_mails", postgresql_where=sa.text("outcome is null"))
    op.drop_index("ix_inbound_mails_received_at", table_name="inbound_mails")
    op.drop_index(op.f("ix_inbound_mails_raw_sha256"), table_name="inbound_mails")
    op.drop_index(
        "ix_inbound_mails_for_a_person",
        table_name="inbound_mails",
        postgresql_where=sa.text("outcome in ('held','unreadable')"),
    )
    op.drop_index("ix_inbound_mails_outcome_id", table_name="inbound_mails")
    op.drop_index(op.f("ix_inbound_mails_message_row_id"), table_name="inbound_mails")
    op.drop_index(
        "ix_inbound_mails_message_id", table_name="inbound_mails", postgresql_where=sa.text("message_id <> ''")
    )
    op.drop_index("ix_inbound_mails_case_id", table_name="inbound_mails")
    op.drop_table("inbound_mails")
    op.drop_index(op.f("ix_mailboxes_queue_id"), table_name="mailboxes")
    op.drop_table("mailboxes")
