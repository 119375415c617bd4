"""`python -m helpdesk.mail_reading.child`: read one message from standard input under hard limits, write it as JSON."""

from __future__ import annotations

import resource
import sys

from helpdesk.mail_reading.caps import MAX_CPU_S, MAX_MEMORY_BYTES


def main() -> None:
    """Take the limits on first, then load the reader and read."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from helpdesk.mail_reading.read import read
    from helpdesk.mail_reading.wire import dump

    sys.stdout.buffer.write(dump(read(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
