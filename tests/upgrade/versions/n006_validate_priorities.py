"""Look at the old rows."""

from alembic import op

revision = "n006"
down_revision = "n005"


def upgrade() -> None:
    op.execute("alter table cases validate constraint ck_cases_priority")


def downgrade() -> None:
    pass
