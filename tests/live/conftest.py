"""A web process for these tests, started once."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, CaseEvent, Queue
from helpdesk.core.db import transaction
from helpdesk.core.events import emit
from tests.live.servers import Screen, WebProcess, cookie_of


@pytest.fixture(scope="module")
def web(session_app: Flask, environment: dict[str, str]) -> Iterator[WebProcess]:
    """gunicorn over the test's services."""
    process = WebProcess(environment)
    yield process
    process.stop()


THOUSANDS = itertools.count(1000, 1000)


@pytest.fixture
def screen(app: Flask, web: WebProcess) -> Iterator[Callable[..., Screen]]:
    """Opens a stream in which this agent is signed in."""
    # The web process lives through several tests and remembers which ids it has told.
    with transaction() as session:
        session.execute(text("select setval('case_events_id_seq', :first, false)"), {"first": next(THOUSANDS)})
    opened: list[Screen] = []

    def open_one(agent: Agent, cookie: str = "", **how: Any) -> Screen:
        opened.append(Screen(web.port, cookie or cookie_of(app, agent), **how))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def case(queue: Queue) -> Case:
    """A case in the queue."""
    with transaction() as session:
        case = Case(queue_id=queue.id, subject="The printer is on fire", source="mail")
        session.add(case)
    return case


@pytest.fixture
def happen() -> Callable[..., CaseEvent]:
    """Lets something happen on a case."""

    def happens(case: Case, kind: str, by: Agent | None = None) -> CaseEvent:
        with transaction() as session:
            event = CaseEvent(case_id=case.id, kind=kind, actor_id=by.id if by else None)
            event.case = case
            session.add(event)
            session.flush()
            emit(kind, event)
        return event

    return happens
