"""What may go wrong at random. Each fault is a generator: it begins, says for how many seconds, and puts right."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import redis

from helpdesk.core.kill_points import POINTS
from tests.chaos.desk import Desk
from tests.faults.proxy import Fault

Course = Iterator[float]
PROGRAMS = ("web", "worker", "beat", "door")


def dies_at_a_point(desk: Desk, chance: random.Random) -> Course:
    """kill -9 at a named point, at its first passing or some later one."""
    prepare(desk, point := chance.choice(list(POINTS)))
    desk.ask_to_die(point, some_passing(point, chance))
    yield 5.0


def program_killed(desk: Desk, chance: random.Random) -> Course:
    """kill -9 of a whole program."""
    if child := desk.children.get(chance.choice(PROGRAMS)):
        child.kill(group=chance.random() < 0.5)
    yield 0.5


def child_killed(desk: Desk, chance: random.Random) -> Course:
    """kill -9 of a process that does the work of a program."""
    if children := desk.pool_children(chance.choice(("worker", "worker", "web"))):
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
    yield 0.5


def child_frozen(desk: Desk, chance: random.Random) -> Course:
    """A worker that stands still for longer than its lease, and then goes on as if nothing had been."""
    children = desk.pool_children("worker")
    if children:
        frozen = chance.choice(children)
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGSTOP)
        yield float(desk.settings["LEASE_S"]) + chance.uniform(0.5, 3)
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)


def broker_killed(desk: Desk, chance: random.Random) -> Course:
    """Valkey dies, and stays away for a while."""
    desk.stop_valkey()
    yield chance.uniform(0.2, 6)
    desk.start_valkey()


def broker_flushed(desk: Desk, _chance: random.Random) -> Course:
    """Valkey forgets everything."""
    flush(desk)
    yield 0.5


def broker_hangs(desk: Desk, chance: random.Random) -> Course:
    """Valkey takes connections and says nothing."""
    os.kill(desk.valkey.pid, signal.SIGSTOP)
    yield chance.uniform(1, 5)
    os.kill(desk.valkey.pid, signal.SIGCONT)


def database_stopped(desk: Desk, chance: random.Random) -> Course:
    """PostgreSQL ends as with -m immediate."""
    desk.stop_postgres()
    yield chance.uniform(0.1, 4)
    desk.start_postgres()


def server_refuses(desk: Desk, chance: random.Random) -> Course:
    """The outgoing mail server is too busy for a few mails."""
    where = chance.choice((desk.smtp.at_mail, desk.smtp.after_dot))
    where += ["451 4.3.2 not now"] * chance.randint(1, 5)
    yield 3.0
    where.clear()


def server_cuts(desk: Desk, chance: random.Random) -> Course:
    """It goes away around the final dot, with the mail or without it."""
    if chance.random() < 0.3:
        desk.smtp.at_data.append("cut")
    else:
        desk.smtp.after_dot += [chance.choice(("cut", "keep and cut"))]
    yield 3.0
    desk.smtp.at_data.clear()
    desk.smtp.after_dot.clear()


def server_hangs(desk: Desk, chance: random.Random) -> Course:
    """It takes the mail and says yes too late."""
    late = float(desk.settings["SMTP_LAST_TIMEOUT_S"]) + 2
    desk.smtp.before_answering = lambda: time.sleep(late)
    yield chance.uniform(1, 4)
    desk.smtp.before_answering = None


def mailbox_cut(desk: Desk, chance: random.Random) -> Course:
    """The mailbox's server goes away in the middle of a word."""
    if chance.random() < 0.7:
        fault = Fault("cut", at=chance.randint(0, 20_000), of="server")
    else:
        fault = Fault("reset", at=chance.randint(0, 400), of="client")
    desk.imap.fault = replace(fault, kind="hang") if chance.random() < 0.3 else fault
    yield 4.0
    desk.imap.fault = None


KINDS: dict[Callable[[Desk, random.Random], Course], int] = {
    dies_at_a_point: 40,
    program_killed: 8,
    child_killed: 8,
    child_frozen: 5,
    broker_killed: 5,
    broker_flushed: 5,
    broker_hangs: 4,
    database_stopped: 7,
    server_refuses: 4,
    server_cuts: 5,
    server_hangs: 4,
    mailbox_cut: 5,
}
"""How often, beside the others. Of one kind there is never more than one at a time."""
SERVERS = (broker_killed, broker_hangs, broker_flushed)
"""Of these one at a time."""


@dataclass
class Weather:
    """Faults at random from a seed: call `look` often, from the main thread."""

    desk: Desk
    chance: random.Random
    pause_s: tuple[float, float] = (0.3, 1.5)
    happened: Counter[str] = field(default_factory=Counter)
    died: set[str] = field(default_factory=set)
    """The points where somebody died."""
    _under_way: dict[Callable[..., Course], tuple[Course, float]] = field(default_factory=dict)
    _next_at: float = 0.0

    def look(self) -> None:
        """Begin what is due, and put right what is over."""
        present = time.monotonic()
        for kind, (course, until) in list(self._under_way.items()):
            if present >= until:
                self._go_on(kind, course)
        if present < self._next_at:
            return
        self._next_at = present + self.chance.uniform(*self.pause_s)
        [kind] = self.chance.choices(list(KINDS), list(KINDS.values()))
        if kind in self._under_way or (kind in SERVERS and self._under_way.keys() & set(SERVERS)):
            return
        self.happened[kind.__name__.replace("_", " ")] += 1
        self._go_on(kind, kind(self.desk, self.chance))

    def clear_up(self) -> None:
        """Put everything right."""
        for kind, (course, _until) in list(self._under_way.items()):
            self._go_on(kind, course)
        self.died = self.desk.died_at()
        self.desk.ask_nothing()

    def _go_on(self, kind: Callable[..., Course], course: Course) -> None:
        self._under_way.pop(kind, None)
        seconds = next(course, None)
        if seconds is not None:
            self._under_way[kind] = (course, time.monotonic() + seconds)


def some_passing(point: str, chance: random.Random) -> int:
    """At the how-manieth passing to die. A mail by the pipe has its own process, and a sweeper seldom has work."""
    return 1 if point.startswith(("pipe.", "sweep.")) else chance.choice((1, 1, 1, 2, 3))


def prepare(desk: Desk, point: str) -> None:
    """Bring about what a point needs to be passed at all."""
    if point == "mail_out.lost" and not desk.smtp.after_dot:
        desk.smtp.after_dot.append("cut")
    if point.startswith("sweep."):
        flush(desk)


def flush(desk: Desk) -> None:
    """Let the broker forget everything, if it is there."""
    with suppress(redis.RedisError), redis.Redis.from_url(desk.valkey.url, socket_timeout=1) as client:
        client.flushall()
