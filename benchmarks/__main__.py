"""`make bench`: what taking in a mail and showing a page costs, beside yardsticks measured in the same run.

python -m benchmarks [--mails 1000] [--cases 10000]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

import config
from benchmarks.mails import mails
from helpdesk.accounts.models import Agent, SignIn
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.setup import make_first_queue
from helpdesk.core.db import db, transaction
from helpdesk.core.tokens import fingerprint, new_secret
from helpdesk.demo.load import Wanted, load
from helpdesk.embedded.postgres import start_postgres
from helpdesk.embedded.valkey import start_valkey
from helpdesk.factory import create_app
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_reading.safely import read_safely

ROUNDS = 40


def main() -> None:
    """Measure on servers and in folders of our own, and print a table."""
    asked = argparse.ArgumentParser(description="Print the desk's figures.")
    asked.add_argument("--mails", type=int, default=1000)
    asked.add_argument("--cases", type=int, default=10_000)
    wanted = asked.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_postgres(Path(folder) / "postgres") as postgres,
        start_valkey(Path(folder) / "valkey") as valkey,
    ):
        app = desk(folder, postgres.url, valkey.url)
        with app.app_context():
            upgrade()
            make_first_queue()
            intake(mails(wanted.mails))
        with app.app_context():
            for _done in load(Wanted(cases=wanted.cases, seed=1), new_secret()):
                pass
            pages(app, wanted.cases)


def desk(folder: str, database_url: str, redis_url: str) -> Flask:
    """The application, over servers of its own."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BLOB_URL": f"{folder}/blobs",
        "VAR_DIR": folder,
        "SECRET_KEY": new_secret(),
        "SECRETS_KEYS": Fernet.generate_key().decode(),
        "MAIL_DOMAIN": "desk.example",
        "LOG_LEVEL": "ERROR",
    }
    return create_app(config.load(environment, services={}))


def intake(raws: list[bytes]) -> None:
    """Mails a second: Python's own reader, our reader, and the whole way from bytes to case."""
    support = db.session.execute(select(Queue)).scalars().first()
    assert support is not None
    show("mails: Python's email, full read", rate(raws, yardstick), "mails/s")
    show("mails: our reader", rate(raws, read_safely), "mails/s")
    rows: list[int] = []
    show(
        "mails: received, durable",
        rate(raws, lambda raw: rows.append(receive(raw, Delivery("pipe", support)).id)),
        "mails/s",
    )
    show("mails: read, decided, placed", rate(rows, story), "mails/s")


def story(inbound_id: int) -> None:
    """As a worker does it."""
    read_mail(inbound_id)
    db.session.remove()


def yardstick(raw: bytes) -> None:
    """Parse, headers, body and attachments with the standard library."""
    mail = message_from_bytes(raw, policy=policy.default)
    for name in ("from", "subject", "message-id", "references"):
        mail[name]
    body = mail.get_body(("plain", "html"))  # type: ignore[attr-defined]
    body.get_content()
    for part in mail.iter_attachments():  # type: ignore[attr-defined]
        part.get_filename(), part.get_content()


def pages(app: Flask, cases: int) -> None:
    """Milliseconds of the pages an agent waits for, in process."""
    agent = db.session.execute(select(Agent).where(Agent.role == "admin")).scalars().first()
    case = db.session.execute(select(Case).where(Case.status == "open").order_by(Case.id)).scalars().first()
    assert agent is not None
    assert case is not None
    secret = new_secret()
    with transaction() as session:
        session.add(SignIn(secret_hash=fingerprint(secret), agent_id=agent.id))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["sign_in"] = secret
    paths = {
        "queue": "/cases?view=unclaimed",
        "closed": "/cases?view=closed",
        "case": f"/cases/{case.number}",
        "search, a common word": "/search?q=faktura",
        "search, a rare word": f"/search?q={case.from_address.split('@')[0]}",
        "customers": "/customers",
    }
    for name, path in paths.items():
        times = timed(lambda path=path: client.get(path))
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{f'page with {cases} cases: {name}':<48}{p50 * 1000:>9.1f} ms p50 {p95 * 1000:>7.1f} ms p95")


def timed(work: Callable[[], Any]) -> list[float]:
    """Seconds of each of ROUNDS calls, after one that warms up."""
    work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return times


def rate(items: list[Any], work: Callable[[Any], Any]) -> float:
    """Items a second."""
    began = time.perf_counter()
    for item in items:
        work(item)
    return len(items) / (time.perf_counter() - began)


def show(name: str, value: float, unit: str) -> None:
    """One line of the table."""
    print(f"{name:<48}{value:>9.0f} {unit}", flush=True)


if __name__ == "__main__":
    main()
