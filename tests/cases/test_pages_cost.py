"""What a page costs the database: a fixed number of queries, however many cases there are, and never a whole table."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Case
from helpdesk.cases.note import note
from helpdesk.cases.queue import VIEWS
from helpdesk.core.db import db, transaction

QUEUE_MOST, CASE_MOST = 8, 12
MANY = 100_000
FILL = """
    insert into cases (queue_id, subject, status, owner_id, customer_id, source, opened_at, waiting_since, closed_at,
                       from_name, from_address, snippet)
    select 1, 'Matter ' || n, case when n % 10 = 0 then 'open' when n % 10 = 1 then 'waiting' else 'closed' end,
           case when n % 20 < 10 then :agent end, :customer, 'mail', now() - n * interval '3 minutes',
           now() - n * interval '3 minutes', case when n % 10 > 1 then now() - n * interval '2 minutes' end,
           'Somebody', 'somebody@elsewhere.example', 'It is about matter ' || n
    from generate_series(1, :many) n
"""


@pytest.fixture
def desk(ada: Agent, signed_in: Callable[[Agent], FlaskClient]) -> FlaskClient:
    return signed_in(ada)


@pytest.fixture
def full_case(case: Case, ada: Agent) -> Case:
    """A case with ten messages of every kind."""
    for n in range(3):
        answer(case, Draft(f"Answer {n}", seen=10**9, cc="per@strand.example"), by=ada)
        note(case, f"Note {n}", by=ada)
    return case


def fill(case: Case, ada: Agent, many: int) -> None:
    with transaction() as session:
        session.execute(text(FILL), {"agent": ada.id, "customer": case.customer_id, "many": many})
        session.execute(text("analyze cases"))


@pytest.fixture
def many_cases(full_case: Case, ada: Agent) -> Case:
    fill(full_case, ada, MANY)
    return full_case


def costs(desk: FlaskClient, case: Case, queries: Callable[..., list[str]]) -> dict[str, int]:
    """Queries of each page, the second time it is asked for."""
    paths = {view: f"/cases?view={view}" for view in VIEWS}
    paths |= {"queue": "/cases?queue=support", "case": f"/cases/{case.number}"}
    found = {}
    for name, path in paths.items():
        assert desk.get(path).status_code == 200
        found[name] = len(queries(lambda path=path: desk.get(path)))
    return found


def test_queries_of_a_page_are_few_and_the_same_with_a_hundred_thousand_cases(
    desk: FlaskClient, full_case: Case, ada: Agent, queries: Callable[..., list[str]]
) -> None:
    fill(full_case, ada, 100)
    few = costs(desk, full_case, queries)
    fill(full_case, ada, MANY)
    assert costs(desk, full_case, queries) == few
    assert {name: cost for name, cost in few.items() if name != "case" and cost > QUEUE_MOST} == {}
    assert few["case"] <= CASE_MOST


def scanned_whole(work: Callable[[], object]) -> set[str]:
    """The tables that the statements sent by `work` read from end to end."""
    sent: list[tuple[str, object]] = []

    def note_down(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note_down)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note_down)
    reads = [(statement, parameters) for statement, parameters in sent if statement.startswith("SELECT")]
    assert reads
    with db.engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"explain (format json) {statement}", parameters).scalar_one()
            for statement, parameters in reads
        ]
    return {table for plan in plans for table in _seq_scans(plan[0]["Plan"])}


def _seq_scans(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for part in node.get("Plans", []):
        yield from _seq_scans(part)


def test_no_page_reads_all_cases_from_end_to_end(desk: FlaskClient, many_cases: Case) -> None:
    paths = [f"/cases?view={view}" for view in VIEWS]
    paths += [f"/cases?view={view}&queue=support" for view in VIEWS]
    found = {path: scanned_whole(lambda path=path: desk.get(path)) for path in paths}
    assert {path: tables for path, tables in found.items() if "cases" in tables} == {}
    assert "cases" not in scanned_whole(lambda: desk.get(f"/cases/{many_cases.number}"))
