"""The pipe: mail handed over by a program or a person at the shell (`flask mail ingest`)."""

from dataclasses import dataclass, field
from enum import IntEnum

from sqlalchemy import or_, select

from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.kill_points import here
from helpdesk.mail_in.doors.addresses import ADDRESS, AddressBook, normal, storable
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive

HEAD_MAX_BYTES = 64 * 1024
RECIPIENT_HEADERS = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
    "resent-to",
)
"""Where servers and people write whom a mail is for, the surest first."""


class Exit(IntEnum):
    """What a mail server's pipe understands (sysexits.h)."""

    OK = 0
    USAGE = 64
    DATA = 65
    TRY_AGAIN = 75


class NoQueue(HelpdeskError):
    """There is no queue to put mail into, or none of that name."""

    code, http_status, sentence = "no_queue", 404, _l("There is no queue yet. Make one, and try again.")


@dataclass
class Pipe:
    """Takes mails in, each for `queue`, or for the queue that its envelope or its headers name.

    `recipient` and `sender` are the envelope's, if the program before us knows them.
    """

    queue: Queue | None = None
    recipient: str = ""
    sender: str | None = None
    book: AddressBook = field(default_factory=AddressBook)

    def take_in(self, raw: bytes) -> InboundMail:
        """The mail's ledger row, durable. Raises NoQueue, NoSpace, and the database's errors."""
        here("pipe.mail_read")
        queue, address = (self.queue, self.recipient) if self.queue else self._queue_for(raw)
        sender = None if self.sender is None else storable(self.sender.strip().strip("<>"))
        row = receive(raw, Delivery("pipe", queue, sender, storable(address)))
        here("pipe.row_committed")
        return row

    def _queue_for(self, raw: bytes) -> tuple[Queue, str]:
        for address in [self.recipient, *addresses_in_head(raw)]:
            queue_id = self.book.queue_id_for(address) if address else None
            if queue_id is not None:
                return db.session.get_one(Queue, queue_id), address
        first = db.session.scalar(select(Queue).where(Queue.active).order_by(Queue.id).limit(1))
        if first is None:
            raise NoQueue()
        return first, self.recipient


def queue_called(name: str) -> Queue:
    """The active queue with this address or slug. Raises NoQueue."""
    query = select(Queue).where(Queue.active, or_(Queue.address == normal(name), Queue.slug == name.strip().lower()))
    found = db.session.scalar(query)
    if found is None:
        raise NoQueue(_l("There is no queue %(name)s.", name=name))
    return found


def addresses_in_head(raw: bytes) -> list[str]:
    """The addresses in the headers that say whom a mail is for, the surest header first; at most 200.

    This is no mail reader: it only looks for which queue is meant, in the first HEAD_MAX_BYTES.
    """
    found: dict[str, list[str]] = {name: [] for name in RECIPIENT_HEADERS}
    name = ""
    for line in raw[:HEAD_MAX_BYTES].decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        if not line.startswith((" ", "\t")):
            name, _colon, line = line.partition(":")
            name = name.strip().lower()
        if name in found:
            found[name] += ADDRESS.findall(line)
    return list(dict.fromkeys(address for name in RECIPIENT_HEADERS for address in found[name]))[:200]
