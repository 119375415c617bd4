"""Runs the migrations over the application's own engine; an advisory lock lets one process migrate at a time."""

from alembic import context
from flask import current_app
from sqlalchemy import text

LOCK = 7_204_113_001


def run() -> None:
    """Bring the database to the asked-for revision in one transaction."""
    migrate = current_app.extensions["migrate"]
    with migrate.db.engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=migrate.db.metadata,
                transaction_per_migration=True,
                **migrate.configure_args,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            # The lock is the session's, and the session goes back into the pool.
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()


run()
