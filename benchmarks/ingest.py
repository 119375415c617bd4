"""From the first byte to the last case: mail taken in at a door while one worker process reads it."""

import smtplib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import func, select

from benchmarks.desk import Desk
from benchmarks.mails import mails
from benchmarks.processes import cpu_ms
from benchmarks.table import Table
from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive

OF_FULL_READ_LEAST = 0.6
GROWTH_MOST = 1.1
WARM_UP_MAILS = 10
WARM_UP_SEED = 10_000
SENDERS = 2
"""Connections to the door: a mail server that has much to deliver opens several."""
LOOK_EVERY_S = 0.02
STUCK_AFTER_S = 120.0


@dataclass(frozen=True)
class Took:
    """What a run of mails took: seconds from the first to the last outcome, and processor time by program."""

    seconds: float
    cpu_ms: dict[str, float]
    outcomes: dict[str, int]


def measure(desk: Desk, raws: Sequence[bytes], table: Table, full_read: float) -> float:
    """Print the lines of both doors; gives mails/s of the act."""
    desk.tell(f"ingest, {desk.cases:,} cases")
    warm_up(desk)
    rates = []
    for door, deliver in (("the door's act", by_act), ("LMTP", by_lmtp)):
        took = run(desk, raws, a_queue(door), deliver)
        name = f"ingest, {desk.cases:,} cases, by {door}"
        rates.append(len(raws) / took.seconds)
        table.least(name, rates[-1], "mails/s", full_read * OF_FULL_READ_LEAST, full_read)
        spent = ", ".join(f"{program} {ms / len(raws):.1f}" for program, ms in took.cpu_ms.items())
        table.words("    processor time a mail, ms", spent)
        all_there = sum(took.outcomes.values()) == len(raws)
        table.words("    outcomes", ", ".join(f"{count} {name}" for name, count in took.outcomes.items()), all_there)
    return rates[0]


def growth(few: tuple[int, float], many: tuple[int, float], table: Table) -> None:
    """What a mail costs with many cases beside what it costs with few."""
    table.most(f"ingest, {many[0]:,} cases beside {few[0]:,}: cost a mail", few[1] / many[1], "×", GROWTH_MOST)


def run(
    desk: Desk, raws: Sequence[bytes], queue: Queue, deliver: Callable[[Desk, Iterable[bytes], Queue], None]
) -> Took:
    """Deliver `raws` to `queue` and wait for the last outcome."""
    parts = {
        "worker": lambda: cpu_ms(desk.running["worker"].pid),
        "door": lambda: cpu_ms(desk.running["mail door"].pid),
        "PostgreSQL": lambda: cpu_ms(desk.servers.postgres.pid),
        "this program": lambda: time.process_time() * 1000,
    }
    before = {name: count() for name, count in parts.items()}
    last = db.session.scalar(select(func.max(InboundMail.id))) or 0
    db.session.rollback()
    began = time.perf_counter()
    deliver(desk, raws, queue)
    wait_for_outcomes(last, len(raws))
    took = time.perf_counter() - began
    spent = {name: count() - before[name] for name, count in parts.items()}
    return Took(took, spent, outcomes_since(last))


def by_act(_desk: Desk, raws: Iterable[bytes], queue: Queue) -> None:
    """As the doors do it, in this process."""
    for raw in raws:
        receive(raw, Delivery("lmtp", queue, "writer@elsewhere.example", queue.address))
        db.session.remove()


def by_lmtp(desk: Desk, raws: Iterable[bytes], queue: Queue) -> None:
    """Over the network to the running mail door, in order, by SENDERS connections."""
    left, lock, port = iter(raws), threading.Lock(), desk.app.config["LMTP_DOOR_PORT"]

    def send(_number: int) -> None:
        with smtplib.LMTP("127.0.0.1", port) as door:
            while True:
                with lock:
                    raw = next(left, None)
                if raw is None:
                    return
                door.sendmail("writer@elsewhere.example", [queue.address], on_the_wire(raw))

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SENDERS)))


def on_the_wire(raw: bytes) -> bytes:
    """With line ends as the network wants them."""
    return raw if b"\r\n" in raw[:2000] else raw.replace(b"\n", b"\r\n")


def warm_up(desk: Desk) -> None:
    """A few mails by either door, so that everything is loaded that loads once."""
    for n, deliver in enumerate((by_act, by_lmtp)):
        run(desk, mails(WARM_UP_MAILS, WARM_UP_SEED + n), a_queue("warm-up"), deliver)


def a_queue(name: str) -> Queue:
    """The queue of that name, made if need be: the same mail to another queue is no duplicate."""
    slug = "".join(letter for letter in name.lower() if letter.isalnum())
    with transaction() as session:
        queue = session.scalars(select(Queue).where(Queue.slug == slug)).one_or_none()
        if queue is None:
            queue = Queue(name=name, slug=slug, address=f"{slug}@desk.example")
            session.add(queue)
    db.session.expunge(queue)
    return queue


def wait_for_outcomes(last: int, count: int) -> None:
    """Until `count` rows after row `last` have an outcome. Raises RuntimeError when nothing moves any more."""
    waiting = select(func.count()).where(InboundMail.id > last, InboundMail.outcome.is_(None))
    there = select(func.count()).where(InboundMail.id > last)
    before, moved_at = -1, time.monotonic()
    while True:
        left = db.session.scalar(waiting) or 0
        db.session.rollback()
        if left == 0:
            break
        if left != before:
            before, moved_at = left, time.monotonic()
        if time.monotonic() - moved_at > STUCK_AFTER_S:
            raise RuntimeError(f"{left} mails wait and nobody reads them")
        time.sleep(LOOK_EVERY_S)
    if (db.session.scalar(there) or 0) < count:
        raise RuntimeError("The ledger has fewer rows than mails were delivered")


def outcomes_since(last: int) -> dict[str, int]:
    """How many mails after row `last` ended how."""
    query = select(InboundMail.outcome, func.count()).where(InboundMail.id > last).group_by(InboundMail.outcome)
    found = {outcome or "waiting": count for outcome, count in db.session.execute(query.order_by(func.count().desc()))}
    db.session.rollback()
    return found
