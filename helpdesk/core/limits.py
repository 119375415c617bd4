"""How often something may happen: counted in Valkey over a moving window, or in this process while Valkey is away."""

import hashlib
import logging
import time
from typing import Any, cast

from flask import Flask, current_app
from limits import parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

STORE_REST_S = 5.0
"""After a failure, how long to count in memory before Valkey is asked again."""
STORE_TIMEOUT_S = 0.5


class Counters:
    """The counters of one application, in Valkey and in memory."""

    def __init__(self, url: str):
        options: Any = {"socket_connect_timeout": STORE_TIMEOUT_S, "socket_timeout": STORE_TIMEOUT_S}
        shared = cast(Storage, storage_from_string(url, **options))
        self.shared = MovingWindowRateLimiter(shared)
        self.own = MovingWindowRateLimiter(MemoryStorage())
        self.rests_until = 0.0

    def ask(self, question: str, *words: Any) -> Any:
        """`question` (test, hit, clear) put to Valkey, or to memory while Valkey does not answer."""
        if time.monotonic() >= self.rests_until:
            try:
                return getattr(self.shared, question)(*words)
            except (RedisError, OSError) as error:
                self.rests_until = time.monotonic() + STORE_REST_S
                log.warning("Limits are counted in memory: Valkey does not answer (%s)", type(error).__name__)
        return getattr(self.own, question)(*words)


def install(app: Flask) -> None:
    """Give `app` its counters. RATELIMIT_ENABLED=False counts nothing, for tests of other things."""
    app.extensions["counters"] = Counters(app.config["REDIS_URL"])


def take(limit: str, *about: str) -> bool:
    """Count one more for `about` unless `limit` ("10 per 10 minutes") is reached; False then.

    A refused one is not counted, so that nobody is locked out for longer than the limit's window.
    """
    return _ask("hit", limit, about)


def is_left(limit: str, *about: str) -> bool:
    """Whether take() would succeed now; counts nothing."""
    return _ask("test", limit, about)


def forgive(limit: str, *about: str) -> None:
    """Forget what was counted for `about`."""
    _ask("clear", limit, about)


def _ask(question: str, limit: str, about: tuple[str, ...]) -> bool:
    if not current_app.config.get("RATELIMIT_ENABLED", True):
        return True
    # Addresses and networks are hashed: the broker is no place for personal data.
    name = hashlib.sha256("\x1f".join(about).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return bool(current_app.extensions["counters"].ask(question, parse(limit), "helpdesk", name))
