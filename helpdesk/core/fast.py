"""Statements that are compiled once and go straight to the driver, for what happens with every mail.

SQLAlchemy writes the SQL, in the same connection and transaction as everything else; only its way of executing is
left out, which costs three times as much as the driver's own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from helpdesk.core.db import db, transaction


class _Ready(NamedTuple):
    sql: str
    constants: dict[str, Any]
    conversions: list[tuple[str, Callable[[Any], Any]]]
    """How a value becomes what the driver takes, for the types that need it (JSON)."""


class Fast:
    """A statement with bindparam() for what changes from call to call. Expanding parameters (IN) are not supported.

    Who listens to the engine's `before_cursor_execute` hears of it as of any other.
    """

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        """`columns` of an insert without values(): those that will be given."""
        self._statement, self._columns = statement, columns
        self._ready: _Ready | None = None

    def __call__(self, **values: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        """Execute in the caller's transaction. Inside together() it does not wait until rows are fetched.

        Raises SQLAlchemy's errors.
        """
        connection = db.session.connection()
        ready = self._ready = self._ready or self._compile(connection)
        filled = {**ready.constants, **values}
        for name, convert in ready.conversions:
            filled[name] = convert(filled[name])
        cursor = driver_of(connection).cursor()
        dispatch: Any = connection.dispatch
        if dispatch.before_cursor_execute:
            dispatch.before_cursor_execute(connection, cursor, ready.sql, filled, None, False)
        try:
            return cursor.execute(ready.sql, filled)
        except psycopg.Error as error:
            raise _wrapped(connection, error) from error

    def one(self, **values: Any) -> tuple[Any, ...]:
        """The one row there must be."""
        row = self(**values).fetchone()
        assert row is not None
        return row

    def _compile(self, connection: Connection) -> _Ready:
        dialect = connection.dialect
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        constants = {column.key: default_of(column) for column in compiled.insert_prefetch}
        conversions = []
        for parameter, name in compiled.bind_names.items():
            convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                conversions.append((name, convert))
            if not parameter.required and name not in constants:
                constants[name] = parameter.effective_value
        return _Ready(compiled.string, constants, conversions)


def default_of(column: Any) -> Any:
    """The value that the model gives a column of which nothing is said."""
    return column.default.arg if column.default.is_scalar else column.default.arg(None)


@contextmanager
def together() -> Iterator[None]:
    """Send the Fast statements inside without waiting for each answer (PostgreSQL's pipeline mode).

    Any other statement waits for its answer, and so for those before it. An error of a Fast one comes at the end of
    the outermost, or where rows are fetched, or where one waits: settled().
    """
    with transaction() as session:
        if driver_of(session.connection()).pgconn.pipeline_status:
            yield
        else:
            with settled():
                yield


@contextmanager
def settled() -> Iterator[None]:
    """As together(), but its end always waits: `with begin_nested(), settled()` is a savepoint."""
    with transaction() as session:
        connection = session.connection()
        try:
            with driver_of(connection).pipeline():
                yield
        except psycopg.Error as error:
            raise _wrapped(connection, error) from error


@event.listens_for(Engine, "after_cursor_execute")
def _wait(*told: Any) -> None:
    """In pipeline mode a cursor knows its rows only after the database has answered."""
    _connection, cursor, _statement, _values, _context, _many = told
    driver = cursor.connection
    if driver.pgconn.pipeline_status:
        with driver.pipeline():
            pass


def driver_of(connection: Connection) -> Any:
    """psycopg's own connection."""
    return connection.connection.driver_connection


def _wrapped(connection: Connection, error: psycopg.Error) -> BaseException:
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(error, None, None)
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        None, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
