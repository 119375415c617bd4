"""Adding and changing queues. Each change writes one row of audit."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts import audit
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.addresses import clean_address
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import lazy as _l

COLOURS = range(1, 13)
NAME_MAX = 100
NAME_TAKEN = _l("There is a queue with this name already.")
ADDRESS_TAKEN = _l("Another queue has this address already.")
# What falls apart into a letter and an accent does so by itself; these do not.
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "œ": "oe"})


@dataclass(frozen=True)
class QueueFields:
    """What an admin may say about a queue."""

    name: str
    address: str
    colour: int = 1
    confirms: bool = True
    plus_addresses: bool = False
    active: bool = True


def slug_of(name: str) -> str:
    """A queue's name as the last part of a web address: "Kjøp og salg" → "kjop-og-salg"; "queue" for nothing."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-") or "queue"


def add_queue(fields: QueueFields, *, by: Agent | None) -> Queue:
    """A new queue. Raises InvalidInput by field."""
    fields = _checked(fields, None)
    with _unique_names(), transaction() as session:
        queue = Queue(slug=_free_slug(fields.name), **asdict(fields))
        session.add(queue)
        session.flush()
        audit.note(by, "added", "queue", queue.id, asdict(fields))
    return queue


def change_queue(queue: Queue, fields: QueueFields, *, by: Agent | None) -> None:
    """Change a queue; its slug stays, since links lead there. Raises InvalidInput by field."""
    fields = _checked(fields, queue)
    with _unique_names(), transaction() as session:
        session.refresh(queue, with_for_update=True)
        if queue.active and not fields.active:
            _leave_a_queue(queue)
        change = audit.differences(queue, **asdict(fields))
        if change:
            for name, value in asdict(fields).items():
                setattr(queue, name, value)
            session.flush()
            audit.note(by, "changed", "queue", queue.id, change)


def _leave_a_queue(queue: Queue) -> None:
    others = select(func.count(Queue.id)).where(Queue.active, Queue.id != queue.id)
    if not db.session.scalar(others):
        raise InvalidInput(fields={"active": _l("This is the only active queue. Mail would have nowhere to go.")})


def _checked(fields: QueueFields, queue: Queue | None) -> QueueFields:
    wrong: dict[str, Any] = {}
    name, address = " ".join(fields.name.split()), clean_address(fields.address)
    taken = db.session.execute(select(Queue.id, Queue.name, Queue.address))
    others = [other for other in taken if queue is None or other.id != queue.id]
    if not name:
        wrong["name"] = _l("Please write a name.")
    elif len(name) > NAME_MAX:
        wrong["name"] = _l("Use at most %(most)s characters.", most=NAME_MAX)
    elif name.lower() in {other.name.lower() for other in others}:
        wrong["name"] = NAME_TAKEN
    if address is None:
        wrong["address"] = _l("This is not an e-mail address.")
    elif "+" in address.split("@")[0]:
        wrong["address"] = _l("Write the address without + and what follows it.")
    elif address in {other.address for other in others}:
        wrong["address"] = ADDRESS_TAKEN
    if fields.colour not in COLOURS:
        wrong["colour"] = _l("Choose one of the colours.")
    if wrong or address is None:
        raise InvalidInput(fields=wrong)
    return replace(fields, name=name, address=address)


def _free_slug(name: str) -> str:
    slug, taken = slug_of(name), set(db.session.scalars(select(Queue.slug)))
    return next(free for free in chain([slug], (f"{slug}-{n}" for n in count(2))) if free not in taken)


@contextmanager
def _unique_names() -> Iterator[None]:
    """Somebody else took the name or the address between our look and our row."""
    try:
        yield
    except IntegrityError as error:
        is_address = "address" in str(error.orig)
        raise InvalidInput(fields={"address": ADDRESS_TAKEN} if is_address else {"name": NAME_TAKEN})
