"""Real parts for every test: PostgreSQL, Valkey, the application, a browser. Each xdist worker has its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import text

import config
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.db import Base, db, transaction
from helpdesk.embedded.postgres import Postgres, start_postgres
from helpdesk.embedded.valkey import Valkey, start_valkey
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.signing_in import browser_of

pytest_plugins = ["tests.servers", "tests.browser"]

for name in [setting.name for setting in config.SETTINGS]:
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server of this test process."""
    with start_postgres(tmp_path_factory.mktemp("pg") / "data", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey server of this test process."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def environment(postgres: Postgres, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables with which a process of its own joins the test's services."""
    return {
        "DATABASE_URL": postgres.url,
        "REDIS_URL": valkey.url,
        "BLOB_URL": str(tmp_path_factory.mktemp("blobs")),
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "SECRET_KEY": "a-secret-of-the-tests-and-nothing-else-at-all",
        "SECRETS_KEYS": Fernet.generate_key().decode(),
        "MAIL_DOMAIN": "desk.example",
        "COMPANY_NAME": "Fjordlys",
        "BASE_URL": "http://localhost",
        "FREE_DISK_MIN_BYTES": "1000000",
        "FLASK_APP": "wsgi",
    }


@pytest.fixture(scope="session")
def session_app(environment: dict[str, str]) -> Flask:
    """The application over a migrated database."""
    from flask_migrate import upgrade

    from helpdesk.factory import create_app

    app = create_app(config.load(environment, services={}))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    # Errors are shown as a person would see them, in tests too.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    # A test's application context stays pushed, and a request inside it would inherit who asked last.
    app.before_request_funcs.setdefault(None, []).insert(0, forget_the_last_request)
    with app.app_context():
        upgrade()
    return app


def forget_the_last_request() -> None:
    """Begin a request with nothing known, as in a process of its own."""
    for name in list(g):
        g.pop(name)


def empty_the_tables() -> None:
    """A desk on which nothing has happened yet."""
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with transaction() as session:
        # The audit trail refuses it otherwise.
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text(f"truncate {names} restart identity cascade"))
        session.execute(text("alter sequence case_numbers restart with 1001"))


@pytest.fixture
def app(session_app: Flask) -> Iterator[Flask]:
    """The application with empty tables, and a context pushed."""
    kept = dict(session_app.config)
    with session_app.app_context():
        empty_the_tables()
        # A test before this one may have taken the broker away.
        session_app.extensions["broker_rests_until"] = 0.0
        yield session_app
        db.session.rollback()
        db.session.remove()
    session_app.config.clear()
    session_app.config.update(kept)


@pytest.fixture
def queue(app: Flask) -> Queue:
    """The queue of a new installation."""
    with transaction() as session:
        support = Queue(name="Support", slug="support", address="support@desk.example")
        session.add(support)
    return support


@pytest.fixture
def post_mail(queue: Queue) -> Callable[..., InboundMail]:
    """Deliver a mail by the pipe and have it read; gives its ledger row."""

    def post(raw: bytes, to: Queue = queue, **delivery: Any) -> InboundMail:
        row = receive(raw, Delivery(**{"door": "pipe", "queue": to, **delivery}))
        read_mail(row.id)
        db.session.refresh(row)
        return row

    return post


def make_agent(name: str, role: str = "agent") -> Agent:
    """A colleague, by first name."""
    with transaction() as session:
        agent = Agent(email=f"{name.lower()}@desk.example", name=name, role=role)
        session.add(agent)
    return agent


@pytest.fixture
def ada(app: Flask) -> Agent:
    """An agent."""
    return make_agent("Ada")


@pytest.fixture
def kim(app: Flask) -> Agent:
    """Another agent."""
    return make_agent("Kim")


@pytest.fixture
def boss(app: Flask) -> Agent:
    """An admin."""
    return make_agent("Berit", "admin")


@pytest.fixture
def reader(app: Flask) -> Agent:
    """Somebody of sales: reads and answers nobody."""
    return make_agent("Rolf", "reader")


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Agent], FlaskClient]:
    """A browser without JavaScript in which this agent is signed in."""
    return lambda agent: browser_of(app, agent)


@pytest.fixture
def queries(app: Flask) -> Callable[[Callable[[], Any]], list[str]]:
    """The SQL statements that a piece of work sends, to be counted."""
    from sqlalchemy import event

    def during(work: Callable[[], Any]) -> list[str]:
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            work()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return seen

    return during


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the project."""
    return Path(__file__).parent.parent
