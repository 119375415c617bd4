"""The next version's migrations run while this version's processes are at work: nobody notices."""

import http.client
import os
import re
import shutil
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, func, select, text

import config
from helpdesk.cases.models import Case, Message, Queue
from helpdesk.core.db import db, transaction
from helpdesk.embedded.postgres import Postgres
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_out.models import OutboundMail
from tests.conftest import make_agent
from tests.letters import letter
from tests.live.servers import cookie_of
from tests.stack import ROOT, Stack, eventually, running

SLOWEST_S = 1.0
"""Beyond what a request took on this machine before the migrations began."""
MAKES_ROOM = "makes room and tries again"


def at_the_server(postgres: Postgres, statement: str) -> None:
    """A statement outside of any transaction."""
    engine = create_engine(postgres.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def own_place(environment: dict[str, str], postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database and a broker of this test's own: its tables will be the next version's."""
    at_the_server(postgres, "create database upgraded")
    given = {"DATABASE_URL": postgres.url_for("upgraded"), "BLOB_URL": str(tmp_path / "blobs")}
    broker = environment["REDIS_URL"].rstrip("/").removesuffix("/0") + "/7"
    yield {**environment, **given, "REDIS_URL": broker, "SMTP_URL": (tmp_path / "sent").as_uri()}
    at_the_server(postgres, "drop database upgraded with (force)")


@pytest.fixture
def this_version(own_place: dict[str, str]) -> Iterator[Flask]:
    """The application over that database, at this version."""
    from helpdesk.factory import create_app

    app = create_app(config.load(own_place, services={}))
    with app.app_context():
        upgrade()
        with transaction() as session:
            session.add(Queue(name="Support", slug="support", address="support@desk.example"))
        yield app
        db.session.remove()
        db.engine.dispose()


@dataclass
class Traffic:
    """Mails and clicks that go on until `over`, and how each of them went."""

    desk: Stack
    cookie: str
    token: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    mails: int = 0
    took_s: dict[str, list[float]] = field(default_factory=lambda: {"mail": [], "page": [], "claim": [], "answer": []})
    wrong: list[str] = field(default_factory=list)

    def send_mails(self) -> None:
        """One mail after the other through the SMTP door."""
        while not self.over.is_set():
            raw = letter(f"Mail {self.mails}", from_=f"C{self.mails} <c{self.mails}@kunde.example>")
            with self._timed("mail"), smtplib.SMTP("127.0.0.1", self.desk.smtp_port, timeout=20) as door:
                door.sendmail("c@kunde.example", ["support@desk.example"], raw)
            self.mails += 1
            time.sleep(0.1)

    def work(self) -> None:
        """An agent: the list, claim next, answer; again and again."""
        while not self.over.is_set():
            self._ask("page", "GET", "/cases")
            where = self._ask("claim", "POST", "/cases/claim-next", {})
            if where:
                number = where.partition("?")[0].rpartition("/")[2]
                form = {"text": "Try the blue cable.", "seen": 10**9, "kind": "answer", "then": "close"}
                self._ask("answer", "POST", f"/cases/{number}/write", form)
            time.sleep(0.05)

    def open_a_page(self) -> None:
        """The first page gives the token that every form carries, and the cookie that it belongs to."""
        browser = http.client.HTTPConnection("127.0.0.1", int(self.desk.web_url.rpartition(":")[2]), timeout=20)
        browser.request("GET", "/cases", headers={"Cookie": self.cookie})
        reply = browser.getresponse()
        self.token = re.findall(r'name="csrf_token" value="([^"]+)"', reply.read().decode())[0]
        self.cookie = (reply.headers["Set-Cookie"] or self.cookie).partition(";")[0]
        browser.close()

    def _ask(self, what: str, method: str, path: str, form: dict[str, object] | None = None) -> str:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        form = {"csrf_token": self.token, **(form or {})}
        browser = http.client.HTTPConnection("127.0.0.1", int(self.desk.web_url.rpartition(":")[2]), timeout=20)
        with self._timed(what):
            browser.request(method, path, urlencode(form), headers)
            reply = browser.getresponse()
            reply.read()
        browser.close()
        nothing_waits = what == "claim" and reply.status == 404
        if reply.status not in (200, 303) and not nothing_waits:
            self.wrong.append(f"{what}: {reply.status}")
        return reply.headers.get("Location", "") if reply.status == 303 else ""

    def _timed(self, what: str) -> "Timed":
        return Timed(self.took_s[what], self.wrong, what)

    def slowest(self) -> float:
        """The slowest of everything so far, in seconds; forgotten then."""
        most = max((max(times) for times in self.took_s.values() if times), default=0.0)
        for times in self.took_s.values():
            times.clear()
        return most


@dataclass
class Timed:
    """Writes down how long something took, and what went wrong."""

    times: list[float]
    wrong: list[str]
    what: str
    began: float = 0.0

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _at: object) -> bool:
        self.times.append(time.monotonic() - self.began)
        if error is not None:
            self.wrong.append(f"{self.what}: {error!r}")
        return isinstance(error, Exception)


@pytest.fixture
def traffic(this_version: Flask, own_place: dict[str, str], tmp_path: Path) -> Iterator[Traffic]:
    """The desk's processes, with mails coming in and two agents at work."""
    with running(own_place, tmp_path) as desk:
        flow = Traffic(desk, cookie_of(this_version, make_agent("Ada")))
        flow.open_a_page()
        threads = [threading.Thread(target=work) for work in (flow.send_mails, flow.work, flow.work)]
        for thread in threads:
            thread.start()
        try:
            yield flow
        finally:
            flow.over.set()
            for thread in threads:
                thread.join(30)


@contextmanager
def somebody_holds(table: str, url: str) -> Iterator[None]:
    """A back-up or a report: a transaction that has read the table and stays open."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(f"select count(*) from {table}"))
        yield
    engine.dispose()


def test_two_migrations_at_once_run_beside_a_desk_at_work(
    traffic: Traffic, own_place: dict[str, str], next_version: Path, tmp_path: Path
) -> None:
    eventually(lambda: traffic.mails >= 5 and traffic.took_s["answer"])
    before_s = traffic.slowest()
    command = [sys.executable, "-m", "flask", "db", "upgrade", "--directory", str(next_version)]
    surroundings = {**own_place, "PATH": os.environ["PATH"]}
    said = [tmp_path / f"migration{number}.log" for number in range(2)]
    with somebody_holds("cases", own_place["DATABASE_URL"]):
        both = [subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=log.open("wb")) for log in said]
        eventually(lambda: any(log.read_text().count(MAKES_ROOM) >= 2 for log in said), within_s=60)
    codes = [process.wait(120) for process in both]
    time.sleep(1)
    during_s = traffic.slowest()
    print(f"\nslowest request before the migrations: {before_s:.2f} s, meanwhile: {during_s:.2f} s")
    assert codes == [0, 0], [log.read_text() for log in said]
    assert traffic.wrong == []
    assert during_s < before_s + SLOWEST_S
    look_after_it(traffic)


def test_a_table_that_is_never_free_ends_the_migration_with_a_sentence_and_changes_nothing(
    this_version: Flask, own_place: dict[str, str], next_version: Path, head: str, tmp_path: Path
) -> None:
    hasty = tmp_path / "hasty"
    shutil.copytree(next_version, hasty)
    rules = (hasty / "env.py").read_text()
    assert "PATIENCE_S = 300.0" in rules
    (hasty / "env.py").write_text(rules.replace("PATIENCE_S = 300.0", "PATIENCE_S = 0.0"))
    with somebody_holds("cases", own_place["DATABASE_URL"]), pytest.raises(SystemExit) as gave_up:
        upgrade(directory=str(hasty))
    assert "run `flask db upgrade` again in a quieter moment" in str(gave_up.value)
    with db.engine.connect() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar_one() == head
        assert connection.execute(text("select count(*) from pg_locks where locktype = 'advisory'")).scalar_one() == 0


def look_after_it(traffic: Traffic) -> None:
    """Every mail became a case, every answer a letter, and the tables are the next version's."""
    traffic.over.set()
    time.sleep(0.5)
    everything: Callable[[], bool] = lambda: _counted(InboundMail, InboundMail.outcome == "new_case") >= traffic.mails  # noqa: E731
    eventually(everything, within_s=40)
    assert _counted(InboundMail) == _counted(Case) == traffic.mails
    assert _counted(Message, Message.direction == "out") == _counted(OutboundMail) > 0
    with db.engine.connect() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar_one() == "n006"
        assert connection.execute(text("select count(*) from cases where priority = 0")).scalar_one() == traffic.mails
        invalid = "select count(*) from pg_index where not indisvalid"
        assert connection.execute(text(invalid)).scalar_one() == 0
    assert "Traceback" not in traffic.desk.logs(), traffic.desk.logs()


def _counted(table: type[InboundMail | Case | Message | OutboundMail], *conditions: object) -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(table).where(*conditions)).one()  # type: ignore[arg-type]
