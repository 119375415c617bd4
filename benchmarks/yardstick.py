"""What the mails cost when nothing is kept of them: Python's own `email`, and our reader alone."""

import statistics
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from typing import Any

from benchmarks.table import Table
from helpdesk.mail_reading.safely import read_safely

TIMES = 3


def measure(raws: Sequence[bytes], table: Table) -> float:
    """Print the yardsticks; gives mails/s of the full read."""
    table.just("mails: Python's email, parse", rate(raws, parse), "mails/s")
    full = rate(raws, full_read)
    table.just("mails: Python's email, full read (the yardstick)", full, "mails/s", full)
    table.just("mails: our reader alone", rate(raws, read_safely), "mails/s", full)
    return full


def parse(raw: bytes) -> Any:
    """The structure alone."""
    return message_from_bytes(raw, policy=policy.default)


def full_read(raw: bytes) -> None:
    """Parse, headers, body and attachments."""
    mail: Any = parse(raw)
    for name in ("from", "subject", "message-id", "references"):
        mail[name]
    mail.get_body(("plain", "html")).get_content()
    for part in mail.iter_attachments():
        part.get_filename(), part.get_content()


def rate(raws: Sequence[bytes], work: Callable[[bytes], Any]) -> float:
    """Mails a second, the median of TIMES."""
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for raw in raws:
            work(raw)
        seconds.append(time.perf_counter() - began)
    return len(raws) / statistics.median(seconds)
