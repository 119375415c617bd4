"""Models and migrations say the same, and every migration can be taken back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from helpdesk.core.db import Base, db


def test_models_and_migrations_agree(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_run_down_to_nothing_and_up_again(app: Flask) -> None:
    downgrade(revision="base")
    with db.engine.connect() as connection:
        left = connection.execute(
            text("select tablename from pg_tables where schemaname='public' and tablename <> 'alembic_version'")
        ).all()
        assert left == []
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("select count(*) from cases")).scalar_one() == 0
