"""What a migration does beside the desk at work, where Alembic's own operation would stop it."""

from typing import Any

from alembic import op


def add_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """Build an index while the table is read and written. Alone in its migration: it is its own transaction.

    What a broken attempt left behind is removed first. It waits for transactions that are under way as long as they
    take, and nobody waits for it.
    """
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")
        op.execute(f'drop index concurrently if exists "{name}"')
        op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True, **options)


def remove_index(name: str) -> None:
    """Drop an index while the table is read and written. Alone in its migration."""
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")
        op.execute(f'drop index concurrently if exists "{name}"')
