"""The database handle and the only place that commits."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, event, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.pool import Pool

log = logging.getLogger(__name__)

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A surrogate key."""
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""An aware point in time, kept as UTC."""
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
"""When the row was made, by the database's clock."""
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default="{}", default=dict)]
JsonList = Annotated[list[Any], mapped_column(JSONB, server_default="[]", default=list)]


class Base(DeclarativeBase):
    """Parent of every table."""

    registry = registry(
        type_annotation_map={datetime: DateTime(timezone=True), str: Text},
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
    )


# expire_on_commit is off: a page that shows what it just changed reads nothing twice;
# acts refresh what others may have changed.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False}, disable_autonaming=True)

RESTED_S = 1.0
"""A pooled connection that has rested so long is asked whether it still lives before it is used."""


@event.listens_for(Pool, "checkin")
def _goes_to_rest(_driver: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _still_lives(driver: Any, record: Any, _proxy: Any) -> None:
    """As pool_pre_ping, but without a question to the server for each transaction of a busy worker."""
    rests_since = record.info.get("rests_since")
    if rests_since is None or time.monotonic() - rests_since < RESTED_S:
        return
    try:
        driver.autocommit = True
        driver.execute("select 1")
        driver.autocommit = False
    except psycopg.Error as error:
        raise InvalidatePoolError() from error


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what happens inside, or nothing of it.

    An inner transaction() joins the outer one: only the outermost commits. What was queued with
    after_commit() runs after that commit, in order, and is forgotten if it is rolled back.
    """
    session = db.session()
    if session.info.get("inside"):
        yield session
        return
    session.info["inside"] = True
    session.info["after"] = []
    try:
        yield session
        session.flush()
        # Counted before: a connection that is lost in COMMIT leaves nobody knowing.
        session.info["commits"] = session.info.get("commits", 0) + 1
        session.commit()
    except BaseException:
        session.rollback()
        session.info["after"] = []
        raise
    finally:
        session.info["inside"] = False
    _run_what_follows(session.info.pop("after"))


def after_commit(follow: Callable[[], object]) -> None:
    """Run `follow` once the current transaction is durable; at once when there is none.

    Whatever it raises is logged and swallowed: the row is the truth, and the sweeper finds rows that nobody woke.
    """
    session = db.session()
    if session.info.get("inside"):
        session.info["after"].append(follow)
    else:
        _run_what_follows([follow])


def _run_what_follows(follows: list[Callable[[], object]]) -> None:
    for follow in follows:
        try:
            follow()
        except Exception:
            log.exception("A step after the commit failed; the sweeper will take it up")
