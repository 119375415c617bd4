"""Runs the migrations over the application's own engine, while the desk goes on.

One process migrates at a time. A statement that needs a table for itself waits LOCK_TIMEOUT for it at most, because
whoever comes after it in that time waits too; then it makes room, and the migration is tried again.
"""

import sys
import time
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

LOCK = 7_204_113_001
LOCK_TIMEOUT = "400ms"
NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
PATIENCE_S = 300.0
PAUSE_S = 1.0


class TooBusy(SystemExit):
    """Somebody held a table all the time. What was migrated up to there is kept; the rest is for the next try."""


def run() -> None:
    """Bring the database to the asked-for revision, each migration in a transaction of its own."""
    migrate = current_app.extensions["migrate"]
    options = {
        "target_metadata": migrate.db.metadata,
        "transaction_per_migration": True,
        **migrate.configure_args,
    }
    if context.is_offline_mode():
        _print_sql(migrate.db.engine.dialect.name, options)
        return
    with migrate.db.engine.connect() as connection:
        _wait_for_other_migrations(connection)
        try:
            _migrate_patiently(connection, options)
        finally:
            # Lock and time-out are the session's, and the session goes back into the pool.
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.execute(text("reset lock_timeout"))
            connection.commit()


def _wait_for_other_migrations(connection: Connection) -> None:
    """Asked again and again rather than waited for: CREATE INDEX CONCURRENTLY would wait for a waiting session."""
    while not connection.execute(text("select pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar():
        connection.commit()
        time.sleep(0.2)
    connection.commit()


def _migrate_patiently(connection: Connection, options: dict[str, Any]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        try:
            context.configure(connection=connection, **options)
            with context.begin_transaction():
                context.run_migrations()
            return
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) not in (NOT_AVAILABLE, DEADLOCK):
                raise
            if time.monotonic() > until:
                raise TooBusy(
                    f"For {PATIENCE_S:.0f} s somebody held a table that a migration needs: a back-up, or a forgotten "
                    "transaction. The desk goes on as before; run `flask db upgrade` again in a quieter moment."
                )
            print("A table is in use; the migration makes room and tries again.", file=sys.stderr, flush=True)
            time.sleep(PAUSE_S)


def _print_sql(dialect: str, options: dict[str, Any]) -> None:
    """For `flask db upgrade --sql`."""
    context.configure(dialect_name=dialect, literal_binds=True, **options)
    context.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


run()
