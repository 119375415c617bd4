"""Create outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "sent_confirmations",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_sent_confirmations")),
    )
    op.create_table(
        "outbound_mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.String(length=250), nullable=False),
        sa.Column("from_name", sa.String(length=300), nullable=False),
        sa.Column("from_address", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=1000), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("in_reply_to", sa.String(length=998), server_default="", nullable=False),
        sa.Column("references", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("attachments", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("automatic", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delays", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=True),
        sa.Column("trace", sa.String(length=16), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('queued','sending','delayed','uncertain','sent','failed','discarded')",
            name=op.f("ck_outbound_mails_state"),
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["agents.id"], name=op.f("fk_outbound_mails_created_by_id_agents")),
        sa.ForeignKeyConstraint(["raw_sha256"], ["blobs.sha256"], name=op.f("fk_outbound_mails_raw_sha256_blobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_mails")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbound_mails_message_id")),
    )
    op.create_index("ix_outbound_mails_case_id", "outbound_mails", ["case_id"], unique=False)
    op.create_index(
        "ix_outbound_mails_due",
        "outbound_mails",
        ["next_try_at", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('queued','sending','delayed','uncertain')"),
    )
    op.create_index("ix_outbound_mails_state_id", "outbound_mails", ["state", "id"], unique=False)
    op.create_table(
        "outbound_recipients",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=300), server_default="", nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="waiting", nullable=False),
        sa.Column("resent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("trouble", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('to','cc','bcc')", name=op.f("ck_outbound_recipients_role")),
        sa.CheckConstraint(
            "state in ('waiting','uncertain','sent','failed')", name=op.f("ck_outbound_recipients_state")
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["outbound_mails.id"],
            name=op.f("fk_outbound_recipients_mail_id_outbound_mails"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_recipients")),
    )
    op.create_index(op.f("ix_outbound_recipients_address"), "outbound_recipients", ["address"], unique=False)
    op.create_index(op.f("ix_outbound_recipients_mail_id"), "outbound_recipients", ["mail_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_outbound_recipients_mail_id"), table_name="outbound_recipients")
    op.drop_index(op.f("ix_outbound_recipients_address"), table_name="outbound_recipients")
    op.drop_table("outbound_recipients")
    op.drop_index("ix_outbound_mails_state_id", table_name="outbound_mails")
    op.drop_index(
        "ix_outbound_mails_due",
        table_name="outbound_mails",
        postgresql_where=sa.text("state in ('queued','sending','delayed','uncertain')"),
    )
    op.drop_index("ix_outbound_mails_case_id", table_name="outbound_mails")
    op.drop_table("outbound_mails")
    op.drop_table("sent_confirmations")
