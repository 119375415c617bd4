"""Create case words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

# A tsvector holds 1 MB. What does not fit any more is added without its positions, and at last not at all: a case
# that cannot be found by its newest words is still a case. The block is a savepoint that needs no question from us.
ADD_CASE_WORDS = """
    create function add_case_words(the_case bigint, added tsvector) returns void language plpgsql as $$
    begin
        insert into case_words (case_id, words) values (the_case, added)
        on conflict (case_id) do update set words = case_words.words || excluded.words;
    exception when program_limit_exceeded then
        begin
            insert into case_words (case_id, words) values (the_case, strip(added))
            on conflict (case_id) do update set words = case_words.words || excluded.words;
        exception when program_limit_exceeded then
            raise warning 'case % has more words than can be indexed; the newest are left out', the_case;
        end;
    end $$
"""


def upgrade() -> None:
    op.create_table(
        "case_words",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_words_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_words")),
    )
    op.create_index("ix_case_words_words", "case_words", ["words"], unique=False, postgresql_using="gin")
    op.execute(ADD_CASE_WORDS)


def downgrade() -> None:
    op.execute("drop function add_case_words")
    op.drop_index("ix_case_words_words", table_name="case_words", postgresql_using="gin")
    op.drop_table("case_words")
