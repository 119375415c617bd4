"""Which queue an address belongs to: its own, or a plus-address of it."""

import re
import threading
import time

from sqlalchemy import select

from helpdesk.cases.models import Queue
from helpdesk.core.db import db

BOOK_KEPT_S = 2.0
ADDRESS_MAX = 320
ADDRESS = re.compile(r"""[^\s<>,;:"'()\[\]\\]{1,250}@[^\s<>,;:"'()\[\]\\]{1,253}""")


def normal(address: str) -> str:
    """`address` as we compare it: lower case, the domain in its ASCII form, nothing that no database keeps.

    A domain that IDNA refuses stays as it is.
    """
    address = storable(address).strip().strip("<>").lower()
    name, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return name + at + domain.encode("idna").decode()
    except UnicodeError:
        return address


def storable(text: str, length: int = ADDRESS_MAX) -> str:
    """`text` without what PostgreSQL refuses (NUL, lone surrogates), cut at `length` characters."""
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return whole.replace("\x00", "")[:length]


def candidates(address: str) -> list[str]:
    """The addresses of queues that mail to `address` may be for, the exact one first.

    support+abc@example.org is also support@example.org's.
    """
    exact = normal(address)
    name, at, domain = exact.rpartition("@")
    plain = name.partition("+")[0]
    return [exact] if plain in ("", name) else [exact, plain + at + domain]


def queue_for(address: str) -> Queue | None:
    """The active queue that reads mail to `address`, or None."""
    wanted = candidates(address)
    found = {
        normal(queue.address): queue
        for queue in db.session.scalars(select(Queue).where(Queue.address.in_(wanted), Queue.active))
    }
    return next((found[one] for one in wanted if one in found), None)


class AddressBook:
    """The queues' addresses, remembered for BOOK_KEPT_S; safe to ask from several threads.

    An address that is not in it is looked up afresh, so a new queue takes mail at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, int] = {}
        self._read_at = float("-inf")

    def queue_id_for(self, address: str) -> int | None:
        """The id of the queue that reads mail to `address`, or None. Raises what the database raises."""
        wanted = candidates(address)
        if time.monotonic() - self._read_at < BOOK_KEPT_S:
            known = self._first(wanted)
            if known is not None:
                return known
        rows = db.session.execute(select(Queue.address, Queue.id).where(Queue.active)).all()
        with self._lock:
            self._ids = {normal(address): queue_id for address, queue_id in rows}
            self._read_at = time.monotonic()
        return self._first(wanted)

    def _first(self, wanted: list[str]) -> int | None:
        with self._lock:
            return next((self._ids[one] for one in wanted if one in self._ids), None)
