"""A desk to measure: servers of its own with durable settings, and the programs as `make run` starts them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

import config
from benchmarks.browser import Browser
from helpdesk.accounts.models import Agent, SignIn
from helpdesk.core.db import db, transaction
from helpdesk.core.tokens import fingerprint, new_secret
from helpdesk.embedded.postgres import Postgres, start_postgres
from helpdesk.embedded.processes import end_child, start_tied
from helpdesk.embedded.programs import FOLDER, flask, is_open, programs
from helpdesk.embedded.valkey import Valkey, start_valkey
from helpdesk.factory import create_app

WEB_WORKERS = 2
OPEN_WITHIN_S = 90


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Valkey of this run."""

    folder: Path
    postgres: Postgres
    valkey: Valkey


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Start both, everything written to disk as in earnest."""
    with start_postgres(folder / "postgres") as postgres, start_valkey(folder / "valkey") as valkey:
        yield Servers(folder, postgres, valkey)


@dataclass
class Desk:
    """A desk with `cases` made-up cases; `load_s` is what loading them took."""

    cases: int
    servers: Servers
    app: Flask
    environment: dict[str, str]
    folder: Path
    load_s: float = 0.0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def web_port(self) -> int:
        return self.app.config["WEB_PORT"]

    def program(self, name: str) -> list[str]:
        """The command by which `make run` starts a program."""
        return next(one.argv for one in programs(self.app.config) if one.name == name)

    def start(self, name: str, argv: Sequence[str]) -> None:
        """Start a process that ends with us."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = start_tied(
                list(argv),
                when_orphaned=signal.SIGTERM,
                cwd=FOLDER,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self, name: str) -> None:
        """End a process we started."""
        end_child(self.running.pop(name), (signal.SIGTERM, 10.0))

    def cookie(self, agent: Agent) -> str:
        """The session of a browser in which `agent` has just signed in."""
        secret = new_secret()
        with transaction() as session:
            session.add(SignIn(secret_hash=fingerprint(secret), agent_id=agent.id))
        signer: Any = self.app.session_interface
        return signer.get_signing_serializer(self.app).dumps({"sign_in": secret})

    def browser(self, agent: Agent) -> Browser:
        """A browser in which `agent` is signed in."""
        return Browser(self.web_port, {self.app.config["SESSION_COOKIE_NAME"]: self.cookie(agent)})

    def tell(self, what: str) -> None:
        """Say on standard error what is going on."""
        print(f"… {what}", file=sys.stderr, flush=True)


@contextmanager
def open_desk(given: Servers, cases: int) -> Iterator[Desk]:
    """A desk with a database of its own and `cases` made-up cases, its programs running; all of it gone afterwards."""
    folder = given.folder / f"desk-{cases}"
    folder.mkdir()
    database = f"desk_{cases}"
    environment = _environment(given, folder, database)
    with _database(given.postgres, database):
        # This process says nothing of each mail; the programs log as ever, to files.
        app = create_app(config.load({**environment, "LOG_LEVEL": "ERROR"}, services={}))
        desk = Desk(cases, given, app, environment, folder)
        desk.load_s = _fill(desk)
        with app.app_context():
            try:
                for one in programs(app.config):
                    desk.start(one.name, one.argv)
                wait_until(lambda: is_open(app.config), desk)
                yield desk
            finally:
                for name in list(desk.running):
                    desk.stop(name)
                db.session.remove()
                db.engine.dispose()


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(given: Servers, folder: Path, database: str) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("WEB_PORT", "SMTP_DOOR_PORT", "LMTP_DOOR_PORT")}
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        **ports,
        "DATABASE_URL": given.postgres.url_for(database),
        "REDIS_URL": given.valkey.url,
        "BLOB_URL": str(folder / "blobs"),
        "VAR_DIR": str(folder),
        "SECRET_KEY": new_secret(),
        "SECRETS_KEYS": Fernet.generate_key().decode(),
        "MAIL_DOMAIN": "desk.example",
        "BASE_URL": f"http://localhost:{ports['WEB_PORT']}",
        "WEB_WORKERS": str(WEB_WORKERS),
        "FLASK_APP": "wsgi",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
    }


@contextmanager
def _database(postgres: Postgres, name: str) -> Iterator[None]:
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
        try:
            yield
        finally:
            connection.execute(f'drop database "{name}" with (force)')


def _fill(desk: Desk) -> float:
    """Tables, a queue, and the made-up company; the seconds that loading it took."""
    log = desk.folder / "prepare.log"
    flask(desk.environment, log, "db upgrade", "setup")
    began = time.perf_counter()
    if desk.cases:
        desk.tell(f"loading {desk.cases:,} cases")
        load = f"demo load --cases {desk.cases} --seed 1 --password {new_secret()}"
        flask(desk.environment, log, load, shown=sys.stdout.isatty())
    took = time.perf_counter() - began
    # Autovacuum does the same within minutes of a load; here it must not come in the middle of a measurement.
    with desk.app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))
    return took


def wait_until(ready: Any, desk: Desk) -> None:
    """Wait for `ready()`. Raises RuntimeError when a program ends or the time is over."""
    until = time.monotonic() + OPEN_WITHIN_S
    while not ready():
        ended = [name for name, child in desk.running.items() if child.poll() is not None]
        if ended or time.monotonic() > until:
            logs = "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in desk.folder.glob("*.log"))
            raise RuntimeError(f"{ended or 'The desk'} did not start:\n{logs}")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Whether a web process answers on a port of loopback."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as reply:
        return reply.status == 200
    return False
