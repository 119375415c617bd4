"""A rule for new rows, at once; the old rows are looked at by the next migration, and nobody waits for that."""

from alembic import op

revision = "n005"
down_revision = "n004"


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_cases_priority"), "cases", "priority between 0 and 9", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_cases_priority"), "cases")
