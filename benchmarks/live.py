"""Two hundred agents with an open stream: how soon all of them hear of a claim, and what the streams cost the pages."""

import json
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import select

from benchmarks.browser import Browser, p50_p95, timed
from benchmarks.desk import Desk
from benchmarks.table import Table
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from helpdesk.core.db import db, transaction

HEARD_MOST_MS = 500
PAGES_MOST = 1.3
CLAIMS = 20
PATIENCE_S = 10.0
EVERY_S = 0.25


@dataclass
class Screens:
    """Open streams, all read by one thread; notes when each of them heard of which case."""

    port: int
    heard: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    _over: threading.Event = field(default_factory=threading.Event)
    _reader: threading.Thread | None = None
    count: int = 0

    def open(self, cookie: str) -> None:
        """One more. Raises RuntimeError when the server refuses it."""
        stream = socket.create_connection(("127.0.0.1", self.port), 30)
        stream.sendall(f"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
        begin = stream.recv(4096)
        if b" 200 " not in begin.partition(b"\r\n")[0]:
            raise RuntimeError(f"The stream was refused: {begin[:200]!r}")
        stream.setblocking(False)
        self._selector.register(stream, selectors.EVENT_READ, bytearray())
        self.count += 1

    def start(self) -> None:
        """Begin to read."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _events in self._selector.select(timeout=0.5):
                stream: socket.socket = key.fileobj  # type: ignore[assignment]
                came = stream.recv(65536)
                if not came:
                    self._selector.unregister(stream)
                    continue
                self._take(key.data, came, time.perf_counter())

    def _take(self, waiting: bytearray, came: bytes, at: float) -> None:
        waiting += came
        *lines, rest = waiting.split(b"\n")
        waiting[:] = rest
        for line in lines:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                self.heard.setdefault((event["kind"], event["number"]), []).append(at)

    def times(self, kind: str, number: int) -> list[float]:
        """When each stream heard it; waits PATIENCE_S for those that have not."""
        until = time.monotonic() + PATIENCE_S
        while len(self.heard.get((kind, number), [])) < self.count and time.monotonic() < until:
            time.sleep(0.005)
        return self.heard.get((kind, number), [])

    def close(self) -> None:
        """Leave."""
        self._over.set()
        if self._reader:
            self._reader.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()


def measure(desk: Desk, table: Table, agents: int, rounds: int) -> None:
    """Print how soon a claim reaches everybody, and the queue page with and without the streams."""
    desk.tell(f"live, {agents} agents")
    name = desk.app.config["SESSION_COOKIE_NAME"]
    with transaction() as session:
        people = [Agent(email=f"live{n}@desk.example", name=f"Live {n}", role="agent") for n in range(agents)]
        session.add_all(people)
    browser = desk.browser(people[0])
    alone = p50_p95(timed(lambda: browser.get("/cases"), rounds))[0]
    screens = Screens(desk.web_port)
    try:
        for agent in people:
            screens.open(f"{name}={desk.cookie(agent)}")
        screens.start()
        took, lost = claims(browser, screens)
        table.words(f"live: a claim reaches {agents} agents, never heard", str(lost), lost == 0)
        if took:
            p50, p95 = p50_p95(took)
            table.just(f"live: a claim reaches {agents} agents, p50", p50, "ms")
            table.most(f"live: a claim reaches {agents} agents, p95", p95, "ms", HEARD_MOST_MS)
        busy = while_claims_go_on(desk, people[1], browser, rounds)
    finally:
        screens.close()
    table.just("live: queue page without them, p50", alone, "ms")
    table.most(f"live: queue page with {agents} streams and claims, p50", busy, "ms", alone * PAGES_MOST, alone)


def claims(browser: Browser, screens: Screens) -> tuple[list[float], int]:
    """Seconds from the click to each screen, and how many screens never heard."""
    token, took, lost = browser.token("/cases"), [], 0
    for number in unclaimed(CLAIMS):
        began = time.perf_counter()
        browser.post(f"/cases/{number}/claim", {"csrf_token": token})
        heard = screens.times("claimed", number)
        took += [at - began for at in heard]
        lost += screens.count - len(heard)
    return took, lost


def while_claims_go_on(desk: Desk, agent: Agent, browser: Browser, rounds: int) -> float:
    """The queue page's p50 while a colleague claims and releases a case all the time."""
    colleague = desk.browser(agent)
    token, number, over = colleague.token("/cases"), unclaimed(1)[0], threading.Event()

    def work() -> None:
        while not over.wait(EVERY_S):
            colleague.post(f"/cases/{number}/claim", {"csrf_token": token})
            colleague.post(f"/cases/{number}/release", {"csrf_token": token})

    at_work = threading.Thread(target=work)
    at_work.start()
    try:
        return p50_p95(timed(lambda: browser.get("/cases"), rounds))[0]
    finally:
        over.set()
        at_work.join()


def unclaimed(count: int) -> list[int]:
    """Numbers of cases that nobody has."""
    query = select(Case.number).where(Case.status == "open", Case.owner_id.is_(None)).order_by(Case.id.desc())
    numbers = list(db.session.scalars(query.limit(count)))
    db.session.rollback()
    return numbers
