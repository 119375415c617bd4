"""What the fault tests share with the rooms' own tests, and a desk of its own whose every part may be taken away."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet
from flask import Flask

import config
from helpdesk.cases.models import Queue
from helpdesk.core.db import transaction
from helpdesk.embedded.postgres import Postgres, start_postgres
from helpdesk.embedded.processes import end_child
from helpdesk.embedded.valkey import Valkey, start_valkey
from tests.mail_in.conftest import ledger
from tests.mail_out.conftest import look, make_due, put
from tests.ports import free_port
from tests.stack import Stack

__all__ = ["ledger", "look", "make_due", "put"]

WORKER = ("celery", "-A", "workers.app", "worker", "-Q", "mail_in,mail_out,default", "-c", "1", "--loglevel", "WARNING")
BEAT = ("celery", "-A", "workers.app", "beat", "--pidfile=", "--loglevel", "WARNING")
DOOR = ("flask", "mail", "serve")


@dataclass
class OwnDesk:
    """Worker, beat and mail door over a PostgreSQL and a Valkey that are nobody else's."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    stack: Stack
    app: Flask
    """For a question that needs the settings; its database is the desk's."""

    def ask(self, question: str) -> list[tuple]:
        """What the database answers, on a connection of its own."""
        with psycopg.connect(self.postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
            done = connection.execute(question)
            return done.fetchall() if done.description else []

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.valkey.url)

    def shoot_postgres(self) -> None:
        """`pg_ctl stop -m immediate`, and a start."""
        end_child(self.postgres._child, (signal.SIGQUIT, 10.0))
        self.postgres.stop()
        self.postgres = start_postgres(self.folder / "pg")

    def stop_valkey(self, sign: signal.Signals) -> None:
        end_child(self.valkey._child, (sign, 10.0))
        self.valkey.stop()

    def start_valkey(self) -> None:
        self.valkey = start_valkey(self.folder / "valkey", port=self.valkey.port)

    def restart(self, name: str, *command: str, sign: signal.Signals = signal.SIGKILL) -> None:
        """End a process and all it started, and start it again."""
        self.stack.stop(name, sign)
        self.stack.start(name, *command)

    def children(self, name: str) -> list[int]:
        """The processes that a process of the desk has started."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.stack.processes[name].pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


@pytest.fixture(scope="package")
def own_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDesk]:
    """Started once: worker, beat and door with short leases and rounds; the database forgets nothing."""
    folder = tmp_path_factory.mktemp("own")
    postgres, valkey = start_postgres(folder / "pg"), start_valkey(folder / "valkey")
    settings = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        "DATABASE_URL": postgres.url,
        "REDIS_URL": valkey.url,
        "BLOB_URL": str(folder / "blobs"),
        "VAR_DIR": str(folder / "var"),
        "SECRET_KEY": "a-secret-of-the-tests-and-nothing-else-at-all",
        "SECRETS_KEYS": Fernet.generate_key().decode(),
        "MAIL_DOMAIN": "desk.example",
        "FREE_DISK_MIN_BYTES": "1000000",
        "FLASK_APP": "wsgi",
        "SMTP_URL": (folder / "sent").as_uri(),
        "SMTP_DOOR_PORT": str(free_port()),
        "LMTP_DOOR_PORT": str(free_port()),
        "SWEEP_S": "1",
        "IMAP_POLL_S": "1",
        "LEASE_S": "2",
        "PYTHONUNBUFFERED": "1",
    }
    app = _migrated_with_a_queue(settings)
    logs = folder / "logs"
    logs.mkdir()
    stack = Stack(settings, "", int(settings["SMTP_DOOR_PORT"]), int(settings["LMTP_DOOR_PORT"]), logs)
    desk = OwnDesk(folder, postgres, valkey, stack, app)
    try:
        for name, command in (("door", DOOR), ("worker", WORKER), ("beat", BEAT)):
            stack.start(name, *command)
        yield desk
    finally:
        for name in list(stack.processes):
            stack.stop(name, signal.SIGKILL)
        desk.valkey.stop()
        desk.postgres.stop()


def _migrated_with_a_queue(settings: dict[str, str]) -> Flask:
    from flask_migrate import upgrade

    from helpdesk.core.db import db
    from helpdesk.factory import create_app

    other = create_app(config.load(settings, services={}))
    with other.app_context():
        upgrade()
        with transaction() as session:
            session.add(Queue(name="Support", slug="support", address="support@desk.example"))
        db.engine.dispose()
    return other
