"""The first step of dropping cases.source: give it a default, so that the next version need not write it any more.

The version before goes on reading and writing it. The version after the next drops the column.
"""

from alembic import op

revision = "n004"
down_revision = "n003"


def upgrade() -> None:
    op.alter_column("cases", "source", server_default="mail")


def downgrade() -> None:
    op.alter_column("cases", "source", server_default=None)
