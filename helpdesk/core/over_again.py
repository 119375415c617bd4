"""Beginning anew what the database undid: a deadlock, two changes that cannot both stand, a connection that broke."""

import logging
import random
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from helpdesk.core.db import db

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

UNDONE = ("40001", "40P01")
"""serialization_failure and deadlock_detected (PostgreSQL, Appendix A): the database itself asks for another try."""
PAUSES_S = (0.05, 0.5, 2.0, 4.0)
"""Before each further try, half of it by chance. Together as long as a PostgreSQL that was shot takes to come back."""


def over_again(work: Callable[P, T]) -> Callable[P, T]:
    """Let `work` be run again when the database undid its transaction and nothing of it was committed before.

    Inside a transaction that is open already nothing is tried here, nor inside another work that may itself be begun
    anew: the outermost one is. Once that has committed something, an inner one with a transaction of its own is.
    A connection lost while a COMMIT was under way may have committed: that is raised, and the caller asks the row.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        info = db.session().info
        commits, outer = info.get("commits", 0), info.get("tried_from")
        if info.get("inside") or outer == commits:
            return work(*args, **kwargs)
        info["tried_from"] = commits
        try:
            return _try(partial(work, *args, **kwargs), work.__qualname__, lambda: info.get("commits", 0) == commits)
        finally:
            info["tried_from"] = outer

    return run


def _try(work: Callable[[], T], name: str, nothing_stands: Callable[[], bool]) -> T:
    undone = False
    for pause in PAUSES_S:
        try:
            return work()
        except DBAPIError as error:
            undone = undone or was_undone(error)
            # A database that restarts refuses connections for a while.
            is_away = isinstance(error, OperationalError)
            if not undone or not (is_away or was_undone(error)) or not nothing_stands():
                raise
            log.warning("The database undid %s (%s); once more", name, type(error.orig).__name__)
        db.session.rollback()
        time.sleep(pause * (0.5 + random.random() / 2))
    return work()


def was_undone(error: DBAPIError) -> bool:
    """Whether nothing of the transaction stands and the very same may succeed now."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in UNDONE
