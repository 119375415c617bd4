"""Leases: one worker holds a row for a while, and a dead worker's hold ends by itself."""

from typing import Any, TypeVar

from sqlalchemy import func, or_, text, update

from helpdesk.core.db import Base, transaction

T = TypeVar("T", bound=Base)


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
            .values(leased_until=func.now() + text(f"interval '{int(seconds)} seconds'"), attempts=table.attempts + 1)
            .returning(model)
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
