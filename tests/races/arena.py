"""Running two acts in the same moment, again and again, each on a thread and a database connection of its own."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError

Scene = SimpleNamespace
"""What a pair acts upon, as ids: each side reads the rows for itself."""
Act = Callable[[Scene], Callable[[], Any]]
"""Reads what its person has on the screen, and gives what they then do."""

PAUSE_MAX_S = 0.003
"""A statement of a racer waits up to this long, so that the other may come between any two of them."""
LATE_MAX_S = 0.04
READING_S = 0.15
"""In some runs one side begins up to this much later, so that an act of many statements is met at its end too, and
so that the reading of a mail, in a process of its own, is over before the other side begins."""


@dataclass(frozen=True)
class Pair:
    """Two acts that happen at once. `allowed`: what left said, what right said, and what is so afterwards.

    A side says "done" or the code of its refusal; anything else, a deadlock first of all, fails the test.
    """

    name: str
    scene: Callable[..., Scene]
    left: Act
    right: Act
    then: Callable[[Scene], Any]
    allowed: frozenset[tuple[str, str, Any]]


def pair(
    name: str, scene: Callable[..., Scene], left: Act, right: Act, then: Callable[[Scene], Any], *allowed: Any
) -> Pair:
    """A row of the table."""
    return Pair(name, scene, left, right, then, frozenset(allowed))


class Arena:
    """Two threads that begin at once, slowed at random between their statements."""

    def __init__(self, app: Flask, seed: int):
        self.app, self.random = app, random.Random(seed)
        self.start = threading.Barrier(2, timeout=30)
        self.racers: dict[int, random.Random] = {}
        self.pool = ThreadPoolExecutor(2)
        self.numbers = itertools.count(1)

    def __enter__(self) -> "Arena":
        event.listen(db.engine, "before_cursor_execute", self._hold_up)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._hold_up)
        self.pool.shutdown()

    def run(self, row: Pair, make: Callable[[Callable[..., Scene]], Scene]) -> tuple[str, str, Any]:
        """One run of a pair: what each side said, and what is so afterwards."""
        scene = make(row.scene)
        late = self.random.choice((0.0, PAUSE_MAX_S, LATE_MAX_S, READING_S)) * self.random.random()
        head_start = self.random.choice(((0.0, late), (late, 0.0)))
        sides = [
            self.pool.submit(self._side, act, scene, wait, self.random.random())
            for act, wait in zip((row.left, row.right), head_start, strict=True)
        ]
        said = [side.result(60) for side in sides]
        db.session.rollback()
        db.session.expire_all()
        return said[0], said[1], row.then(scene)

    def _side(self, act: Act, scene: Scene, wait: float, seed: float) -> str:
        with self.app.app_context():
            try:
                go = act(scene)
                self.start.wait()
                self.racers[threading.get_ident()] = random.Random(seed)
                time.sleep(wait)
                go()
            except HelpdeskError as refusal:
                return refusal.code
            finally:
                self.racers.pop(threading.get_ident(), None)
                db.session.remove()
        return "done"

    def _hold_up(self, *_of_the_statement: Any) -> None:
        dice = self.racers.get(threading.get_ident())
        if dice is not None and dice.random() < 0.5:
            time.sleep(PAUSE_MAX_S * dice.random())


def deadlocks() -> int:
    """How many transactions PostgreSQL has ended because they waited for one another."""
    with db.engine.connect() as connection:
        connection.execute(text("select pg_stat_clear_snapshot()"))
        query = text("select deadlocks from pg_stat_database where datname = current_database()")
        return int(connection.execute(query).scalar_one())


def as_table(seen: Counter[tuple[str, str, Any]]) -> str:
    """How often each outcome came, the most frequent first."""
    return "\n".join(f"  {count:>4} x  {left} | {right} → {then}" for (left, right, then), count in seen.most_common())
