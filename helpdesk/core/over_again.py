"""Doing an act over when PostgreSQL ended it to let another go on."""

import logging
import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from helpdesk.core.db import db

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
GAVE_WAY = ("40001", "40P01")
"""serialization_failure and deadlock_detected: the transaction may simply be tried again (appendix A of the manual)."""
TRIES = 4
PAUSE_S = 0.05


def over_again(act: Callable[P, R]) -> Callable[P, R]:
    """Run `act`, one whole transaction, again when it gave way to another: four times at most.

    Nothing of the lost try was committed, and what follows a commit has not happened. Inside somebody else's
    transaction the error is passed on: only the whole can be done over.
    """

    @wraps(act)
    def patiently(*args: P.args, **kwargs: P.kwargs) -> R:
        for tried in range(1, TRIES):
            if db.session().info.get("inside"):
                break
            try:
                return act(*args, **kwargs)
            except DBAPIError as error:
                if not gave_way(error):
                    raise
                log.info("%s gave way to another transaction (try %d)", act.__qualname__, tried)
                # What was read is forgotten with the rollback; the next try looks anew.
                db.session.rollback()
                time.sleep(PAUSE_S * tried * random.random())
        return act(*args, **kwargs)

    return patiently


def gave_way(error: DBAPIError) -> bool:
    """Whether PostgreSQL gave up this transaction for the sake of another one."""
    return getattr(error.orig, "sqlstate", None) in GAVE_WAY
