"""Taking the tests' own PostgreSQL away for a while, without ending the server that other tests share."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from flask import Flask
from sqlalchemy import make_url


@contextmanager
def database_away(app: Flask) -> Iterator[None]:
    """Every connection to the database is ended and none is let in, as while PostgreSQL restarts."""
    url = make_url(app.config["DATABASE_URL"])
    name = url.database
    beside = url.set(drivername="postgresql", database="template1").render_as_string(hide_password=False)
    with psycopg.connect(beside, autocommit=True) as admin:
        admin.execute(f'alter database "{name}" allow_connections false')
        try:
            admin.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,))
            yield
        finally:
            admin.execute(f'alter database "{name}" allow_connections true')
