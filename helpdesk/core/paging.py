"""Keyset paging: a page begins after the last row of the one before, however many rows there are."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, tuple_

from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import lazy as _l

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor that leads to the next ones (None at the end)."""

    rows: Sequence[T]
    after: str | None


def encode(key: Sequence[Any]) -> str:
    """An opaque cursor for a key of datetimes, numbers and strings."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The key in `cursor`, one value a kind. Raises InvalidInput for anything we did not write."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = []
        for value, kind in zip(plain, kinds, strict=True):
            if kind is not datetime and type(value) is not kind:
                raise TypeError
            if value is None or "\x00" in str(value) or (kind is int and not 0 <= value < 2**63):
                raise ValueError
            # A lone surrogate is no text for the database: this raises.
            str(value).encode()
            key.append(datetime.fromisoformat(value) if kind is datetime else value)
        return key
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise InvalidInput(_l("This list has moved on. Please open it again from the start."))


Asked = Select[Any] | tuple[Select[Any], dict[str, Any]]
"""A query, or one that was made before and the values of its bindparam()s."""


def fetch(query: Asked, keys: Sequence[Any], after: str | None, *, size: int, newest_first: bool = False) -> Page:
    """One page of `query`, ordered by `keys` (columns, the last of them unique), beginning after the cursor.

    Rows must carry the key columns as attributes of their first entity.
    """
    query, values = query if isinstance(query, tuple) else (query, {})
    order = [key.desc() for key in keys] if newest_first else list(keys)
    if after:
        last = decode(after, [key.type.python_type for key in keys])
        row_key = tuple_(*keys)
        query = query.where(row_key < last if newest_first else row_key > last)
    found = db.session.execute(query.order_by(*order).limit(size + 1), values).all()
    rows = found[:size]
    more = len(found) > size
    cursor = encode([getattr(rows[-1][0], key.key) for key in keys]) if more else None
    return Page(rows=rows, after=cursor)
