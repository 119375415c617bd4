"""Build an index beside the desk at work."""

from migrations.steps import add_index, remove_index

revision = "n002"
down_revision = "n001"


def upgrade() -> None:
    add_index("ix_messages_from_address", "messages", ["from_address"])


def downgrade() -> None:
    remove_index("ix_messages_from_address")
