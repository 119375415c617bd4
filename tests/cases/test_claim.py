"""Who has a case."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.claim import assign, claim, claim_next, release
from helpdesk.cases.close import close
from helpdesk.cases.errors import AlreadyClaimed, NothingToClaim, NotOpen
from helpdesk.cases.models import Case, CaseEvent, Queue
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput


def kinds(case: Case) -> list[str]:
    return list(db.session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)))


def test_second_agent_is_told_the_case_is_taken(case: Case, ada: Agent, kim: Agent) -> None:
    claim(case, by=ada)
    with pytest.raises(AlreadyClaimed) as refusal:
        claim(case, by=kim)
    assert "Ada" in str(refusal.value)
    assert case.owner == ada


def test_claiming_ones_own_case_again_changes_nothing(case: Case, ada: Agent) -> None:
    claim(case, by=ada)
    claim(case, by=ada)
    assert kinds(case) == ["opened", "claimed"]


def test_a_closed_case_cannot_be_claimed(case: Case, ada: Agent) -> None:
    close(case, by=ada)
    with pytest.raises(NotOpen):
        claim(case, by=ada)


def test_claim_next_gives_the_one_that_waited_longest(make_case: Callable[..., Case], ada: Agent) -> None:
    first, second = make_case(), make_case()
    assert claim_next(ada) == first
    assert claim_next(ada) == second
    with pytest.raises(NothingToClaim):
        claim_next(ada)


def test_twelve_agents_at_once_get_twelve_cases(app: Flask, make_case: Callable[..., Case], ada: Agent) -> None:
    made = {make_case().id for _ in range(12)}
    got: list[int] = []
    start = threading.Barrier(12)

    def one() -> None:
        with app.app_context():
            start.wait()
            got.append(claim_next(db.session.get_one(Agent, ada.id)).id)
            db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(made)


def test_eight_agents_claiming_one_case_have_one_winner(app: Flask, case: Case, ada: Agent, kim: Agent) -> None:
    won: list[int] = []
    lost: list[str] = []
    start = threading.Barrier(8)

    def one(agent_id: int) -> None:
        with app.app_context():
            agent, mine = db.session.get_one(Agent, agent_id), db.session.get_one(Case, case.id)
            start.wait()
            try:
                claim(mine, by=agent)
                won.append(agent_id)
            except AlreadyClaimed as refusal:
                lost.append(refusal.code)
            db.session.remove()

    threads = [threading.Thread(target=one, args=([ada.id, kim.id][n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(won)) == 1
    assert len(lost) == 4
    assert kinds(case).count("claimed") == 1


def test_a_released_case_is_anybodys_again(case: Case, ada: Agent, kim: Agent) -> None:
    claim(case, by=ada)
    release(case, by=ada)
    claim(case, by=kim)
    assert case.owner == kim


def test_a_case_is_handed_over_whoever_has_it(case: Case, ada: Agent, kim: Agent) -> None:
    claim(case, by=ada)
    assign(case, to=kim, by=ada)
    db.session.refresh(case)
    assert case.owner_id == kim.id


def test_a_reader_cannot_be_given_a_case(case: Case, ada: Agent, reader: Agent) -> None:
    with pytest.raises(InvalidInput):
        assign(case, to=reader, by=ada)
    assert case.owner_id is None


def test_claim_next_keeps_to_the_queue(make_case: Callable[..., Case], queue: Queue, ada: Agent) -> None:
    make_case()
    other = Queue(name="Sales", slug="sales", address="sales@desk.example")
    db.session.add(other)
    db.session.flush()
    with pytest.raises(NothingToClaim):
        claim_next(ada, queue=other)
