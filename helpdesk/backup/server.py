"""The database server as PostgreSQL's own programs see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from helpdesk.backup.errors import BackupRefused
from helpdesk.core.db import db
from helpdesk.embedded.clients import client, surroundings
from helpdesk.embedded.processes import EmbeddedError

OWN_TABLES = "select tablename from pg_tables where schemaname = 'public' order by tablename"


@dataclass(frozen=True)
class Programs:
    """How to call PostgreSQL's programs for our database. The password stands in no command line."""

    address: str
    environment: dict[str, str]
    major: int

    def command(self, name: str, *options: str) -> list[str]:
        """`name` with `options`, connected to our database."""
        return [str(client(name, self.major)), *options, f"--dbname={self.address}"]

    def local(self, name: str, *options: str) -> list[str]:
        """`name` with `options`, connected to nothing."""
        return [str(client(name, self.major)), *options]


@contextmanager
def programs() -> Iterator[Programs]:
    """PostgreSQL's programs for our server. Raises BackupRefused when there are none that understand it."""
    url = db.engine.url.set(drivername="postgresql")
    environment = surroundings()
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    address = url._replace(password=None).render_as_string(hide_password=False)
    try:
        yield Programs(address, environment, server_major())
    except EmbeddedError as error:
        raise BackupRefused(str(error))


def server_major() -> int:
    """The major version of the server, such as 18."""
    with db.engine.connect() as connection:
        return int(connection.execute(text("show server_version_num")).scalar_one()) // 10_000


def tables_in(connection: Connection) -> list[str]:
    """The tables in our schema."""
    return list(connection.execute(text(OWN_TABLES)).scalars())
