"""Process groups of ours: written down while they run, ended when a crash left them behind."""

import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from helpdesk.embedded.processes import end, fingerprint
from helpdesk.embedded.running import write_for_owner

POLITELY = (signal.SIGTERM, 3.0)


def remember(record: Path, leaders: Iterable[int]) -> None:
    """Write down whose groups are ours, so that the next start can end what a crash of this one leaves."""
    write_for_owner(record, [[pid, fingerprint(pid)] for pid in leaders])


def end_leftovers(record: Path, *steps: tuple[signal.Signals, float]) -> None:
    """End every process in the groups of `record`, whose leaders may be dead already. Steps as in `end`."""
    try:
        known = json.loads(record.read_text())
        groups = {int(pid): mark for pid, mark in known if mark is not None}
    except (OSError, ValueError, TypeError):
        return
    # A number that went to somebody else's process has a leader that we do not know: that group is not ours.
    ours = {pid for pid, mark in groups.items() if fingerprint(pid) in (None, mark)}
    end_groups(ours, *steps)
    record.unlink(missing_ok=True)


def end_groups(leaders: set[int], *steps: tuple[signal.Signals, float]) -> None:
    """End every process in the groups that these processes lead or led."""
    end([process for process in psutil.process_iter() if _group(process.pid) in leaders], *steps)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
