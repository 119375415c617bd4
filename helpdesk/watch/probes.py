"""Asking a part that may never answer: in a thread of its own, with a limit, and never twice at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask


@dataclass(frozen=True)
class Answer:
    """What a part said, or the error; `is_late` when it said nothing in time."""

    value: Any = None
    error: BaseException | None = None
    is_late: bool = False

    @property
    def is_good(self) -> bool:
        return self.error is None and not self.is_late


@dataclass(frozen=True)
class Asked:
    """A question under way, and until when (by the monotonic clock) its answer is waited for."""

    done: threading.Event
    until: float


@dataclass(eq=False)
class Probe:
    """One question. Its answer is waited for `limit_s` and kept for `keep_s`, so that asking often costs nothing.

    A question that hangs stays the only one: whoever asks meanwhile is told that it is late.
    """

    app: Flask
    ask: Callable[[], Any]
    limit_s: float
    keep_s: float
    _kept: Answer | None = None
    _kept_until: float = 0.0
    _under_way: threading.Event | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> Asked | None:
        """Start asking, or join whoever has begun. None: the answer is known already."""
        with self._lock:
            if self._under_way is None and time.monotonic() < self._kept_until:
                return None
            if self._under_way is None:
                self._under_way = threading.Event()
                threading.Thread(target=self._run, args=(self._under_way,), daemon=True, name="probe").start()
            return Asked(self._under_way, time.monotonic() + self.limit_s)

    def answer(self, asked: Asked | None) -> Answer:
        """What the part said, at the latest `limit_s` after begin() gave `asked`."""
        if asked is not None and not asked.done.wait(max(0.0, asked.until - time.monotonic())):
            return Answer(is_late=True)
        return self._kept or Answer(is_late=True)

    def _run(self, done: threading.Event) -> None:
        try:
            with self.app.app_context():
                found = Answer(self.ask())
        except Exception as error:
            found = Answer(error=error)
        with self._lock:
            self._kept, self._kept_until, self._under_way = found, time.monotonic() + self.keep_s, None
        done.set()
