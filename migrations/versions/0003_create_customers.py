"""Create customers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def found_by_word(name: str, table: str, column: str) -> None:
    op.create_index(name, table, [sa.literal_column(f"{column} gin_trgm_ops")], postgresql_using="gin")


def upgrade() -> None:
    # A trusted extension: whoever may create in the database may create it (PostgreSQL 13 and later).
    op.execute("create extension if not exists pg_trgm")
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("org_no", sa.String(length=20), nullable=True),
        sa.Column("industry", sa.String(length=200), server_default="", nullable=False),
        sa.Column("website", sa.String(length=300), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('company', 'person')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint("stage in ('suspect', 'prospect', 'customer', 'former')", name=op.f("ck_customers_stage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_name_id", "customers", [sa.literal_column("lower(name)"), "id"], unique=False)
    op.create_index(
        "ix_customers_stage_name_id", "customers", ["stage", sa.literal_column("lower(name)"), "id"], unique=False
    )
    op.create_index(
        "uq_customers_org_no", "customers", ["org_no"], unique=True, postgresql_where=sa.text("org_no is not null")
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("position", sa.String(length=200), server_default="", nullable=False),
        sa.Column("says_company", sa.String(length=300), server_default="", nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contacts_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_customer_id"), "contacts", ["customer_id"], unique=False)
    op.create_table(
        "postal_addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("street", sa.String(length=300), server_default="", nullable=False),
        sa.Column("postcode", sa.String(length=20), server_default="", nullable=False),
        sa.Column("city", sa.String(length=200), server_default="", nullable=False),
        sa.Column("country", sa.String(length=2), server_default="NO", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('visit', 'post', 'invoice', 'delivery')", name=op.f("ck_postal_addresses_kind")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_postal_addresses_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postal_addresses")),
    )
    op.create_index(op.f("ix_postal_addresses_customer_id"), "postal_addresses", ["customer_id"], unique=False)
    op.create_table(
        "contact_points",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("shown", sa.String(length=320), server_default="", nullable=False),
        sa.Column(
            "domain",
            sa.String(length=320),
            sa.Computed("case when kind = 'email' then split_part(value, '@', 2) end", persisted=True),
            nullable=True,
        ),
        sa.Column("undeliverable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undeliverable_why", sa.String(length=500), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('email', 'phone')", name=op.f("ck_contact_points_kind")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_points_contact_id_contacts")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_contact_points_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_points")),
    )
    op.create_index(op.f("ix_contact_points_contact_id"), "contact_points", ["contact_id"], unique=False)
    op.create_index(op.f("ix_contact_points_customer_id"), "contact_points", ["customer_id"], unique=False)
    op.create_index(
        "ix_contact_points_domain",
        "contact_points",
        ["domain", "customer_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'email'"),
    )
    op.create_index(
        "ix_contact_points_phone", "contact_points", ["value"], unique=False, postgresql_where=sa.text("kind = 'phone'")
    )
    op.create_index(
        "uq_contact_points_email", "contact_points", ["value"], unique=True, postgresql_where=sa.text("kind = 'email'")
    )
    found_by_word("ix_customers_name_words", "customers", "lower(name)")
    found_by_word("ix_contacts_name_words", "contacts", "lower(name)")
    found_by_word("ix_contact_points_value_words", "contact_points", "value")
    create_timeline()


def create_timeline() -> None:
    op.create_table(
        "timeline_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["agents.id"], name=op.f("fk_timeline_entries_actor_id_agents")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_timeline_entries_contact_id_contacts")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_timeline_entries_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entries")),
    )
    op.create_index(op.f("ix_timeline_entries_actor_id"), "timeline_entries", ["actor_id"], unique=False)
    op.create_index(op.f("ix_timeline_entries_contact_id"), "timeline_entries", ["contact_id"], unique=False)
    op.create_index("ix_timeline_entries_customer", "timeline_entries", ["customer_id", "at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("timeline_entries")
    op.drop_index("uq_contact_points_email", table_name="contact_points", postgresql_where=sa.text("kind = 'email'"))
    op.drop_index("ix_contact_points_phone", table_name="contact_points", postgresql_where=sa.text("kind = 'phone'"))
    op.drop_index("ix_contact_points_domain", table_name="contact_points", postgresql_where=sa.text("kind = 'email'"))
    op.drop_index(op.f("ix_contact_points_customer_id"), table_name="contact_points")
    op.drop_index(op.f("ix_contact_points_contact_id"), table_name="contact_points")
    op.drop_table("contact_points")
    op.drop_index(op.f("ix_postal_addresses_customer_id"), table_name="postal_addresses")
    op.drop_table("postal_addresses")
    op.drop_index(op.f("ix_contacts_customer_id"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_index("uq_customers_org_no", table_name="customers", postgresql_where=sa.text("org_no is not null"))
    op.drop_index("ix_customers_stage_name_id", table_name="customers")
    op.drop_index("ix_customers_name_id", table_name="customers")
    op.drop_table("customers")
