"""Leases: one worker holds a row for a while, and a dead worker's hold ends by itself."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Flask, current_app
from sqlalchemy import TextClause, func, or_, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from helpdesk.core.db import Base, db, transaction

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Base)
AGAIN_S = 1.0
"""What the database did not take is tried again so soon."""


def lease(model: type[T], row_id: int, *conditions: Any, seconds: int) -> T | None:
    """Hold row `row_id` for `seconds` by the database's clock, if `conditions` hold and nobody else does.

    The model has `leased_until` and `attempts`; taking a lease counts an attempt. None: somebody else holds it,
    or it is no longer due. Two workers asking at once: the database lets one through.
    """
    table: Any = model
    with transaction() as session:
        return session.execute(
            update(model)
            .where(table.id == row_id, or_(table.leased_until.is_(None), table.leased_until < func.now()), *conditions)
            .values(leased_until=func.now() + so_long(seconds), attempts=table.attempts + 1)
            .returning(model)
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()


@contextmanager
def renewed(model: type[Base], *is_ours: Any, seconds: int) -> Iterator[None]:
    """While the work inside goes on, hold the row for which `is_ours` holds for `seconds` more, again and again.

    For work that waits for a network: it may take long, and yet the row is free soon after its worker was killed.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    over = threading.Event()
    change = (
        update(model)
        .where(*is_ours)
        .values(leased_until=func.now() + so_long(seconds))
        .execution_options(synchronize_session=False)
    )

    def renew() -> None:
        pause = seconds / 3
        while not over.wait(pause):
            try:
                with app.app_context(), transaction() as session:
                    session.execute(change)
                pause = seconds / 3
            except SQLAlchemyError as error:
                log.warning("A lease could not be renewed (%s)", type(error).__name__)
                pause = min(AGAIN_S, pause)

    renewing = threading.Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join(AGAIN_S)


def give_back(model: type[Base], *is_ours: Any, seconds: int | None = None, counts: bool = True) -> None:
    """Let go of the row for which `is_ours` holds, so that it is due at once for whoever looks next.

    After trouble with the database: as soon as it answers again, within LEASE_S or `seconds`: the lease lapses then.
    An attempt that does not count, because the row was not to blame for its end, is taken off again.
    """
    table: Any = model
    values = {"leased_until": None} if counts else {"leased_until": None, "attempts": table.attempts - 1}
    patience_ends = time.monotonic() + (current_app.config["LEASE_S"] if seconds is None else seconds)
    while True:
        try:
            db.session.rollback()
            with transaction() as session:
                session.execute(update(model).where(*is_ours).values(values))
            return
        except DBAPIError:
            if time.monotonic() > patience_ends:
                return
            time.sleep(AGAIN_S)


def so_long(seconds: int) -> TextClause:
    """`seconds` as an interval of the database."""
    return text(f"interval '{int(seconds)} seconds'")
