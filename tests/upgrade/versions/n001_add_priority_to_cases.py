"""Add a column with a default: PostgreSQL keeps it once for all rows, and the version before need not know it."""

import sqlalchemy as sa
from alembic import op

revision = "n001"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("cases", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("cases", "priority")
