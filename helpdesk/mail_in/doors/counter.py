"""What the SMTP and the LMTP door share: the rooms behind them, their limits, and work in threads.

The event loop only talks; every question to the database runs in a thread with an application context of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask

from helpdesk.blobs.store import Kept, keep
from helpdesk.cases.models import Queue
from helpdesk.core.db import transaction
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.doors.addresses import AddressBook
from helpdesk.mail_in.receive import Delivery, enter_in_ledger

log = logging.getLogger(__name__)
T = TypeVar("T")

THREADS = 16
CONNECTIONS_MAX = 200
RECIPIENTS_MAX = 100
DATABASE_PATIENCE_S = 60.0
"""How long a sender waits for the database. A commit that comes later makes a row all the same: a duplicate is
better than a loss, and is noticed by its content."""
MAILS_IN_HAND = 8
"""So many mails of the largest size may be in memory at once; who comes then is asked to come again."""


@dataclass(frozen=True)
class Wanted:
    """One accepted recipient: the address as it was given, and its queue."""

    address: str
    queue_id: int


@dataclass(frozen=True)
class Arrived:
    """One mail as it came through a door; `envelope_from` is empty for the null sender."""

    raw: bytes
    door: str
    envelope_from: str


@dataclass
class Counter:
    """The state that all connections of one process share."""

    app: Flask
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "door"))
    book: AddressBook = field(default_factory=AddressBook)
    open: set[Any] = field(default_factory=set)
    closing: bool = False
    bytes_in_hand: int = 0

    @property
    def mail_max_bytes(self) -> int:
        return self.app.config["MAIL_MAX_BYTES"]

    def is_full(self) -> bool:
        """Whether one more connection is too many."""
        return self.closing or len(self.open) >= CONNECTIONS_MAX

    def has_room_for(self, more: int) -> bool:
        """Whether `more` bytes may come into memory."""
        return self.bytes_in_hand + more <= MAILS_IN_HAND * self.mail_max_bytes

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """`work(*arguments)` in a thread with an application context; raises what it raises, or TimeoutError."""

        def run() -> T:
            with self.app.app_context():
                return work(*arguments)

        job = asyncio.get_running_loop().run_in_executor(self.threads, run)
        return await asyncio.wait_for(asyncio.shield(job), DATABASE_PATIENCE_S)

    async def queue_id_for(self, address: str) -> int | None:
        """See AddressBook.queue_id_for."""
        return await self.in_thread(self.book.queue_id_for, address)

    async def take_in(self, mail: Arrived, wanted: Sequence[Wanted]) -> None:
        """Make a ledger row for each queue of `wanted`: durable, all of them, when this returns."""
        await self.in_thread(take_in, mail, wanted)


def take_in(mail: Arrived, wanted: Sequence[Wanted]) -> None:
    """One ledger row for each queue among `wanted`, all in one transaction.

    Two addresses of one queue make one row, kept under the longer address: it is the one with a token.
    """
    by_queue: dict[int, str] = {}
    for one in wanted:
        by_queue[one.queue_id] = max(by_queue.get(one.queue_id, ""), one.address, key=len)
    _enter(mail, by_queue, keep(mail.raw))


@over_again
def _enter(mail: Arrived, by_queue: dict[int, str], kept: Kept) -> None:
    with transaction() as session:
        for queue_id, address in by_queue.items():
            queue = session.get_one(Queue, queue_id)
            enter_in_ledger(kept, Delivery(mail.door, queue, mail.envelope_from, address))
