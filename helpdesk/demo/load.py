"""Loading the made-up company: everything by COPY, in one transaction, so that it is there whole or not at all."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import current_app
from psycopg import Connection
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.customers.models import Customer
from helpdesk.demo.files import make_files
from helpdesk.demo.people import agent_address, make_agents, make_customers, make_queues, names, writers
from helpdesk.demo.plan import plan
from helpdesk.demo.rows import COLUMNS, Ids, Rows, World, lines
from helpdesk.demo.stems import Stems
from helpdesk.demo.threads import Author

CHUNK = 2000
REBUILD_FROM = 20_000
"""So many cases and more are loaded without the search index, which is then built in one go."""
SEQUENCES = {
    "cases": "cases_id_seq",
    "case_numbers": "case_numbers",
    "messages": "messages_id_seq",
    "outbound_mails": "outbound_mails_id_seq",
    "case_events": "case_events_id_seq",
}
INDEX = "ix_case_words_words"


class NotEmpty(HelpdeskError):
    """There is real data, and nobody said that the demo may stand beside it."""

    code, http_status = "not_empty", 409


@dataclass(frozen=True)
class Wanted:
    """How much of everything, and by which seed."""

    cases: int
    seed: int
    agents: int = 12
    customers: int = 400


def check_empty() -> None:
    """Raises NotEmpty when there are cases or customers that no demo made."""
    first = agent_address(names()["agents"][0], current_app.config["MAIL_DOMAIN"].lower())
    if db.session.scalar(select(Agent.id).where(Agent.email == first)):
        return
    if db.session.scalar(select(Case.id).limit(1)) or db.session.scalar(select(Customer.id).limit(1)):
        raise NotEmpty("There are real cases or customers. To put the demo beside them all the same, add --yes.")


def load(wanted: Wanted, password: str) -> Iterator[int]:
    """Load it; gives the number of cases done so far, again and again. The colleagues are made the first time only."""
    rng = random.Random(wanted.seed)
    with transaction() as session:
        world, people = _world(session, wanted, password, rng)
        threads = _threads(wanted, world, people, rng)
        raw: Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
        _trust_the_rows(session)
        stems = Stems(raw.cursor())
        rebuilt = wanted.cases >= REBUILD_FROM
        if rebuilt:
            session.execute(text(f"drop index {INDEX}"))
        done = 0
        while chunk := list(islice(threads, CHUNK)):
            _copy(raw, chunk, world, stems)
            done += len(chunk)
            yield done
        if rebuilt:
            session.execute(text("set local maintenance_work_mem = '512MB'"))
            session.execute(text(f"create index {INDEX} on case_words using gin (words)"))
    with transaction() as session:
        session.execute(text("analyze"))


def _world(session: Session, wanted: Wanted, password: str, rng: random.Random) -> tuple[World, Sequence[Any]]:
    domain = current_app.config["MAIL_DOMAIN"].lower()
    queues = make_queues(session)
    first = agent_address(names()["agents"][0], domain)
    if session.scalar(select(Agent.id).where(Agent.email == first)) is None:
        make_agents(session, wanted.agents, password)
        make_customers(session, wanted.customers, rng)
    answering = session.scalars(
        select(Agent).where(Agent.role != "reader", Agent.active, Agent.email.endswith(f"@{domain}")).order_by(Agent.id)
    ).all()
    world = World(queues, answering, make_files(rng), domain, current_app.config["SECRET_KEY"], rng)
    return world, writers(session)


def _threads(wanted: Wanted, world: World, people: Sequence[Any], rng: random.Random) -> Iterator[Any]:
    now = time.time()
    author = Author(people, [agent.name for agent in world.agents], now)
    return (author.write(planned) for planned in plan(wanted.cases, now, rng))


def _trust_the_rows(session: Session) -> None:
    """Skip the check of every foreign key where the database lets us; we made both ends in this transaction."""
    try:
        with session.begin_nested():
            session.execute(text("set local session_replication_role = replica"))
    except ProgrammingError:
        return


def _copy(raw: Connection[Any], threads: Sequence[Any], world: World, stems: Stems) -> None:
    needed = {
        "cases": len(threads),
        "case_numbers": len(threads),
        "messages": sum(len(thread.said) for thread in threads),
        "outbound_mails": sum(one.direction == "out" for thread in threads for one in thread.said),
        "case_events": sum(len(thread.done) for thread in threads),
    }
    with raw.cursor() as cursor:
        rows = Rows(world, Ids({table: _reserve(cursor, table, count) for table, count in needed.items()}))
        for thread in threads:
            rows.add(thread)
        rows.find_words(stems)
        for table, columns in COLUMNS.items():
            quoted = columns.replace(",references,", ',"references",')
            with cursor.copy(f"copy {table} ({quoted}) from stdin") as copy:
                copy.write("".join(lines(rows.tables[table])))


def _reserve(cursor: Any, table: str, count: int) -> int:
    """The first of `count` ids that are ours alone from now on."""
    if count == 0:
        return 0
    name = SEQUENCES[table]
    cursor.execute("select setval(%s, nextval(%s) + %s - 1)", (name, name, count))
    return cursor.fetchone()[0] - count + 1
