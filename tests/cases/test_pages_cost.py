"""What a page costs the database: a fixed number of queries, however many cases there are."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Case
from helpdesk.cases.note import note
from helpdesk.cases.queue import VIEWS
from helpdesk.core.db import transaction

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
