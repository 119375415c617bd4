"""A desk with something of everything, and an empty place."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, text

import config
from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.note import note
from helpdesk.core.db import db
from helpdesk.embedded.postgres import Postgres
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.letters import letter_with_file


@dataclass
class Place:
    """A desk's database and files, with its application."""

    app: Flask
    blobs: Path

    def run(self, *command: str | Path, typed: str = "") -> Result:
        """`flask backup …` of this desk."""
        words = ["backup", *(str(word) for word in command)]
        with self.app.app_context():
            return self.app.test_cli_runner().invoke(args=words, input=typed, catch_exceptions=False)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside this desk's application."""
        with self.app.app_context():
            yield
            db.session.remove()

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table, as PostgreSQL writes it."""
        with self.at_work(), db.engine.connect() as connection:
            names = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars()
            found = {}
            for name in list(names):
                query = text(f'select t::text from public."{name}" as t order by 1')
                found[name] = list(connection.execute(query).scalars())
        return found

    def sequences(self) -> dict[str, int]:
        """Where each sequence stands."""
        with self.at_work(), db.engine.connect() as connection:
            query = text("select sequencename, last_value from pg_sequences where schemaname = 'public'")
            return dict(connection.execute(query).tuples().all())

    def files(self) -> dict[str, bytes]:
        """The bytes in the store, by their name."""
        return {path.name: path.read_bytes() for path in self.blobs.rglob("*") if path.is_file()}


@pytest.fixture
def make_place(environment: dict[str, str], postgres: Postgres, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Empty places: a database without tables, and an empty folder for files."""
    from helpdesk.factory import create_app

    made: list[tuple[str, Flask]] = []

    def run(statement: str) -> None:
        engine = create_engine(postgres.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def make(**settings: str) -> Place:
        name = f"place_{len(made)}"
        run(f"create database {name}")
        blobs = tmp_path / name
        given = {"DATABASE_URL": postgres.url_for(name), "BLOB_URL": str(blobs), **settings}
        app = create_app(config.load({**environment, **given}, services={}))
        app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
        made.append((name, app))
        return Place(app, blobs)

    yield make
    for name, app in made:
        with app.app_context():
            db.engine.dispose()
        run(f"drop database {name} with (force)")


@pytest.fixture
def desk(app: Flask, environment: dict[str, str], queue: Queue, ada: Agent) -> Place:
    """A desk with cases, answers, notes, held mail and files."""
    fill(3)
    return Place(app, Path(environment["BLOB_URL"]))


def fill(mails: int, first: int = 0) -> None:
    """Mails with files become cases; every other is answered."""
    queue, ada = db.session.query(Queue).first(), db.session.query(Agent).first()
    assert queue is not None
    assert ada is not None
    for n in range(first, first + mails):
        row = receive(letter_with_file(f"File {n} ÆØÅ 'quoted' \\ and\ttabs", n), Delivery("pipe", queue))
        read_mail(row.id)
        db.session.refresh(row)
        case = db.session.get_one(Case, row.case_id)
        note(case, "He called.", by=ada)
        if n % 2:
            answer(case, Draft("Try the blue one.", seen=case.last_event_id), by=ada)


@contextmanager
def mail_coming_in(app: Flask) -> Iterator[list[int]]:
    """Mails come in and are read, one after the other, as long as the block lasts; the ids of their rows."""
    over, came = threading.Event(), []

    def deliver() -> None:
        with app.app_context():
            queue = db.session.query(Queue).first()
            assert queue is not None
            number = 1000
            while not over.is_set():
                number += 1
                row = receive(letter_with_file(f"During {number}", number), Delivery("smtp", queue))
                read_mail(row.id)
                came.append(row.id)
            db.session.remove()

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield came
    finally:
        over.set()
        thread.join(30)


def names_of_files() -> set[str]:
    """The hashes that rows of the present desk name."""
    found = set(db.session.execute(text("select sha256 from attachments")).scalars())
    return found | set(db.session.execute(db.select(InboundMail.raw_sha256)).scalars())


def is_whole(name: str, data: bytes) -> bool:
    """Whether a blob is what its name says."""
    return hashlib.sha256(data).hexdigest() == name
