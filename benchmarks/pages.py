"""The pages an agent waits for, over HTTP from gunicorn with two processes, beside a bare page of the same gunicorn."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from benchmarks.browser import WARM_UP, Browser, Reply, p50_p95, requests_a_second, timed
from benchmarks.desk import Desk, answers, free_port, wait_until
from benchmarks.table import Table
from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.note import note
from helpdesk.cases.open import open_case
from helpdesk.core.db import db, transaction
from helpdesk.customers.match import customer_for

MARKS_MS = {"queue": 15, "case of 10 messages": 20, "search": 40, "answer": 25}
P95_FACTOR = 2.5
AT_ONCE, A_SECOND = 8, 200
GROWTH_MOST = 1.3
UNCLAIMED = 60
"""At least a page of them, so that the queue page shows as much with few cases as with many."""
RARE = "kvitteringsblankett"


@dataclass(frozen=True)
class Prepared:
    """What the pages are asked about."""

    agent: Agent
    full: Case
    to_answer: list[Case]


def measure(desk: Desk, table: Table, ready: Prepared, rounds: int) -> dict[str, float]:
    """Print the lines of all pages; gives their p50 in milliseconds."""
    desk.tell(f"pages, {desk.cases:,} cases")
    browser = desk.browser(ready.agent)
    with bare_page(desk) as port:
        plain = Browser(port)
        bare = p50_p95(timed(lambda: plain.get("/"), rounds))[0]
        bare_rate = requests_a_second([Browser(port) for _ in range(AT_ONCE)], "/", rounds * 8)
    of = f"{desk.cases:,} cases"
    table.just(f"page, {of}: bare Flask page, p50 (the yardstick)", bare, "ms", bare)
    found = {}
    for name, ask in asked(browser, ready).items():
        p50, p95 = p50_p95(timed(ask, rounds))
        mark = next((ms for begin, ms in MARKS_MS.items() if name.startswith(begin)), None)
        found[name] = p50
        if mark is None:
            table.just(f"page, {of}: {name}, p50", p50, "ms", bare)
            continue
        table.most(f"page, {of}: {name}, p50", p50, "ms", mark, bare)
        table.most(f"page, {of}: {name}, p95", p95, "ms", mark * P95_FACTOR)
    browsers = [desk.browser(ready.agent) for _ in range(AT_ONCE)]
    rate = requests_a_second(browsers, "/cases", rounds * 8)
    table.just(f"page, {of}: bare Flask page, {AT_ONCE} at once (the yardstick)", bare_rate, "requests/s", bare_rate)
    table.least(f"page, {of}: queue, {AT_ONCE} at once", rate, "requests/s", A_SECOND, bare_rate)
    return found


def asked(browser: Browser, ready: Prepared) -> dict[str, Callable[[], Reply]]:
    """What is asked for, by name. The answers go to one case each."""
    token = browser.token(f"/cases/{ready.full.number}")
    waiting = iter(ready.to_answer)
    count = itertools.count(1)

    def say() -> Reply:
        case = next(waiting)
        said = {"csrf_token": token, "seen": str(case.last_event_id), "kind": "answer", "cc": "", "then": "wait"}
        words = f"Hello,\n\nthis is answer {next(count)}: your invoice was corrected and comes again today.\n\nRegards"
        return browser.post(f"/cases/{case.number}/write", {**said, "text": words})

    return {
        "queue": lambda: browser.get("/cases"),
        "case of 10 messages": lambda: browser.get(f"/cases/{ready.full.number}"),
        "search, a common word": lambda: browser.get("/search?q=faktura"),
        "search, a rare word": lambda: browser.get(f"/search?q={RARE}"),
        "search, two words": lambda: browser.get("/search?q=faktura+betaling"),
        "customers": lambda: browser.get("/customers"),
        "closed cases": lambda: browser.get("/cases?view=closed"),
        "answer": say,
    }


def growth(few: tuple[int, dict[str, float]], many: tuple[int, dict[str, float]], table: Table) -> None:
    """What a page costs with many cases beside what it costs with few."""
    for name in few[1]:
        ratio = many[1][name] / few[1][name]
        line = f"page, {many[0]:,} cases beside {few[0]:,}: {name}, p50"
        table.most(line, ratio, "×", GROWTH_MOST)


def prepare(rounds: int) -> Prepared:
    """An admin, and cases that are alike in every desk: one of ten messages, some to answer, a page to claim."""
    queue = db.session.scalars(select(Queue).order_by(Queue.id)).first()
    assert queue is not None
    with transaction() as session:
        agent = Agent(email="bench@desk.example", name="Bench", role="admin")
        session.add(agent)
    for n in range(UNCLAIMED):
        a_case(queue, n)
    full = a_case(queue, UNCLAIMED, f"{RARE} og faktura")
    for n in range(3):
        answer(full, Draft(f"Answer {n}: we look into it.", seen=10**12), by=agent)
        note(full, f"Note {n}: ask Kari about the invoice.", by=agent)
    for n in range(3):
        answer(full, Draft(f"Answer {n + 3}: it is on its way.", seen=10**12), by=agent)
    to_answer = [a_case(queue, UNCLAIMED + 1 + n) for n in range(rounds + WARM_UP)]
    # What others do to the session must not make them stale.
    db.session.expunge_all()
    return Prepared(agent, full, to_answer)


def a_case(queue: Queue, n: int, words: str = "faktura") -> Case:
    """A case by one of forty customers."""
    address = f"writer{n % 40}@elsewhere{n % 40}.example"
    with transaction():
        who = customer_for(address, f"Writer {n % 40}")
        text = f"Hello,\n\nthe {words} of last week is wrong, number {n}. Could you send it again?\n\nRegards"
        incoming = Incoming(
            text, f"Writer {n % 40}", address, subject=f"Wrong {words} {n}", message_id=f"<{n}@b.example>"
        )
        return open_case(queue, incoming, who=who, source="mail")


@contextmanager
def bare_page(desk: Desk) -> Iterator[int]:
    """The yardstick's page, served as the desk's own; gives its port."""
    port = free_port()
    argv = [{"wsgi:app": "benchmarks.bare:app"}.get(word, word) for word in desk.program("web")]
    argv[argv.index("--bind") + 1] = f"127.0.0.1:{port}"
    desk.start("bare page", argv)
    try:
        wait_until(lambda: answers(port), desk)
        yield port
    finally:
        desk.stop("bare page")
