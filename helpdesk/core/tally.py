"""Counting what happens, for /metrics: in memory, and added to Valkey every few seconds by every process.

So any web process can tell what all of them did, the workers and the mail door too. Valkey may lose it: the counters
then begin at 0 again, which Prometheus expects of counters. While it is away, counts wait in memory.
"""

import atexit
import logging
import os
import socket
import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from helpdesk.core.tokens import seal

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 5.0
GAUGE_LIVES_S = 20
"""A process that has not said its gauges for so long is gone."""
TIMEOUT_S = 0.5
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SEPARATOR = "\x1f"


class Tally:
    """The counts of one process that Valkey has not got yet."""

    def __init__(self, app: Flask):
        self.name = "helpdesk.tally." + seal(app.config["SECRET_KEY"], "tally")
        self.gauges: dict[str, Callable[[], float | None]] = {}
        """What is true of a process at a moment, by name; None: nothing to say."""
        self._client = redis.Redis.from_url(
            app.config["REDIS_URL"],
            socket_connect_timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._born()
        os.register_at_fork(after_in_child=self._born)
        atexit.register(self.flush)

    def _born(self) -> None:
        """A forked child counts anew: what its parent counted is the parent's to tell."""
        self._lock = threading.Lock()
        self._pending: Counter[str] = Counter()
        self._is_flushing = False
        self.process = f"{socket.gethostname()}.{os.getpid()}"

    def add(self, counts: dict[str, int]) -> None:
        """Count, and see to it that it is told soon."""
        with self._lock:
            for field, more in counts.items():
                self._pending[field] += more
            begins, self._is_flushing = not self._is_flushing, True
        if begins:
            threading.Thread(target=self._flush_for_ever, daemon=True, name="tally").start()

    def flush(self) -> None:
        """Tell Valkey now. What it does not take is kept for the next time."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        gauges = {name: ask() for name, ask in self.gauges.items()}
        told = [(name, value) for name, value in gauges.items() if value is not None]
        if not pending and not told:
            return
        try:
            with self._client.pipeline() as pipe:
                for field, count in pending.items():
                    pipe.hincrby(self.name, field, count)
                for name, value in told:
                    pipe.set(SEPARATOR.join((self.name, name, self.process)), value, ex=GAUGE_LIVES_S)
                pipe.execute()
        except (RedisError, OSError):
            with self._lock:
                self._pending.update(pending)

    def read(self) -> tuple[dict[tuple[str, ...], int], dict[str, float]]:
        """What all processes have told: counts by their words, and gauges summed up. Raises RedisError, OSError."""
        self.flush()
        counts = {tuple(field.decode().split(SEPARATOR)): int(n) for field, n in self._hash().items()}
        gauges: dict[str, float] = defaultdict(float)
        for key in self._client.scan_iter(f"{self.name}{SEPARATOR}*", count=1000):
            value: Any = self._client.get(key)
            gauges[key.decode().split(SEPARATOR)[1]] += float(value or 0)
        return counts, dict(gauges)

    def _hash(self) -> dict[bytes, bytes]:
        found: Any = self._client.hgetall(self.name)
        return found

    def _flush_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(FLUSH_EVERY_S):
            try:
                self.flush()
            except Exception:
                log.exception("What was counted could not be told")


def install(app: Flask) -> None:
    """Give `app` its tally."""
    app.extensions["tally"] = Tally(app)


def tally() -> Tally:
    """The tally of this process."""
    return current_app.extensions["tally"]


def count(name: str, *labels: str) -> None:
    """One more of `name`. Labels are words from a short list of ours, never anything that came in."""
    tally().add({SEPARATOR.join((name, *labels)): 1})


def observe(name: str, seconds: float, *labels: str) -> None:
    """One `name` that took so long."""
    at = bisect_left(BUCKETS_S, seconds)
    bucket = str(BUCKETS_S[at]) if at < len(BUCKETS_S) else "+Inf"
    key = SEPARATOR.join((name, *labels))
    tally().add({f"{key}{SEPARATOR}{bucket}": 1, f"{key}{SEPARATOR}us": round(seconds * 1_000_000)})
