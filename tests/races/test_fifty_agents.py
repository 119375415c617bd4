"""Fifty agents at one queue: each case has exactly one winner, and nobody is told an error."""

import random
import threading
import time
from collections import Counter

from flask import Flask
from sqlalchemy import func, insert, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.access import case_for
from helpdesk.cases.claim import claim, claim_next
from helpdesk.cases.errors import AlreadyClaimed, NothingToClaim
from helpdesk.cases.models import Case, CaseEvent, Queue
from helpdesk.core.db import db, transaction
from tests.races.conftest import RUNS, SEED

AGENTS = 50
CASES = 1000 if RUNS >= 50 else 250


def test_fifty_agents_claim_a_thousand_cases_by_number_and_by_turn(app: Flask, queue: Queue) -> None:
    agents, numbers = _fill(queue)
    won: dict[int, list[int]] = {agent: [] for agent in agents}
    refused: Counter[str] = Counter()
    crashed: list[BaseException] = []
    start = threading.Barrier(AGENTS, timeout=60)

    def work(agent_id: int) -> None:
        dice = random.Random(SEED * 1000 + agent_id)
        with app.app_context():
            start.wait()
            try:
                for number in dice.sample(numbers, CASES // 60):
                    _by_number(agent_id, number)
                while _by_turn(agent_id):
                    pass
            except BaseException as error:
                crashed.append(error)

    def _by_number(agent_id: int, number: int) -> None:
        agent = db.session.get_one(Agent, agent_id)
        case = case_for(agent, number)
        mine_before = case.owner_id == agent_id
        try:
            claim(case, by=agent)
            if not mine_before:
                won[agent_id].append(case.id)
        except AlreadyClaimed as refusal:
            refused[refusal.code] += 1
        finally:
            db.session.remove()

    def _by_turn(agent_id: int) -> bool:
        try:
            won[agent_id].append(claim_next(db.session.get_one(Agent, agent_id)).id)
        except NothingToClaim as refusal:
            refused[refusal.code] += 1
            return False
        finally:
            db.session.remove()
        return True

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    print(f"\n{AGENTS} agents, {CASES} cases, {time.monotonic() - began:.1f} s, refused: {dict(refused)}")
    assert crashed == []
    winners = [case for cases in won.values() for case in cases]
    assert len(winners) == len(set(winners)) == CASES, "each case once, and none left over"
    assert refused["already_claimed"] > 0, "nobody met anybody: this was no race"
    _look(won)


def _fill(queue: Queue) -> tuple[list[int], list[int]]:
    with transaction() as session:
        people = [{"email": f"a{n}@desk.example", "name": f"Agent {n}", "role": "agent"} for n in range(AGENTS)]
        agents = list(session.scalars(insert(Agent).returning(Agent.id), people))
        rows = [{"queue_id": queue.id, "subject": f"Case {n}", "source": "mail"} for n in range(CASES)]
        numbers = list(session.scalars(insert(Case).returning(Case.number), rows))
    return agents, numbers


def _look(won: dict[int, list[int]]) -> None:
    """Cases and journal agree with what the agents were told."""
    owners = dict(db.session.execute(select(Case.id, Case.owner_id)).tuples().all())
    assert owners == {case: agent for agent, cases in won.items() for case in cases}
    told = select(CaseEvent.case_id, func.count()).where(CaseEvent.kind == "claimed").group_by(CaseEvent.case_id)
    assert set(dict(db.session.execute(told).tuples().all()).values()) == {1}
