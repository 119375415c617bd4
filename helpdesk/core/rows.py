"""New rows where speed counts: their ids first, then all of them in one exchange with the database.

The ORM's flush waits for the database's answer to each row. Mail comes in by the thousand, so its rows go by here:

    case_id, message_id = numbers(Case, Message)
    with together():
        write(Case(id=case_id, …))
        write(Message(id=message_id, case_id=case_id, …))
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Sequence, select
from sqlalchemy.orm import class_mapper, make_transient_to_detached

from helpdesk.core.db import Base, db, transaction
from helpdesk.core.fast import Fast, default_of


def numbers(*sequences: type[Base] | Sequence) -> tuple[int, ...]:
    """The next id of each model, and the next value of each sequence, in one exchange."""
    return _next_values(sequences).one()


@lru_cache
def _next_values(sequences: tuple[type[Base] | Sequence, ...]) -> Fast:
    values = (_sequence(one).next_value().label(f"n{at}") for at, one in enumerate(sequences))
    return Fast(select(*values))


def _sequence(one: type[Base] | Sequence) -> Sequence:
    """PostgreSQL names the sequence of an identity column after its table and column."""
    return one if isinstance(one, Sequence) else Sequence(f"{one.__tablename__}_id_seq")


def write(row: Base) -> None:
    """Insert `row` now, in the caller's transaction; one that brings its id then counts as loaded.

    What only the database knows (when the row was made) is read when somebody asks. Relationships that are set stay
    set; nothing cascades to what they lead to. Raises what the insert raises, inside together() at its end.
    """
    values = {}
    state = row.__dict__
    for name, column, default in _columns(type(row)):
        if name not in state and default is not None:
            state[name] = default()
        if name in state:
            values[column] = state[name]
    with transaction():
        _insert(type(row), tuple(values))(**values)
        if state.get("id") is not None:
            as_loaded(row)


def as_loaded(row: Base) -> None:
    """Let the session take `row`, which stands in the database with its id, as if it had read it there."""
    make_transient_to_detached(row)
    db.session.add(row)


@lru_cache
def _insert(model: type[Base], columns: tuple[str, ...]) -> Fast:
    table: Any = model.__table__
    return Fast(table.insert().inline(), list(columns))


@lru_cache
def _columns(model: type[Base]) -> list[tuple[str, str, Callable[[], Any] | None]]:
    """(attribute, column, what makes its default or None) of each column that is written."""
    columns = []
    for attribute in class_mapper(model).column_attrs:
        column: Any = attribute.columns[0]
        if getattr(column, "table", None) is model.__table__ and column.computed is None:
            columns.append((attribute.key, column.key, _default(column)))
    return columns


def _default(column: Any) -> Callable[[], Any] | None:
    if column.default is None:
        return (lambda: None) if column.nullable and column.server_default is None else None
    return lambda: default_of(column)
