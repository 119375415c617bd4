"""What admins must hear of on every page: looked at by the web process itself, since the worker may be what is dead."""

import threading
import time
from dataclasses import dataclass, field

from flask import Flask, current_app

from helpdesk.watch.check import disk_findings, patience
from helpdesk.watch.facts import read_facts
from helpdesk.watch.judge import FAILING, Finding, judge


@dataclass
class Watchdog:
    """The last look of one process."""

    findings: list[Finding] = field(default_factory=list)
    look_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def watchdog() -> Watchdog:
    """The watchdog of this process."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app.extensions.setdefault("watchdog", Watchdog())


def troubles() -> list[Finding]:
    """What shouts, the worst first. At most WATCH_LOOK_S old; one small statement when it looks anew."""
    dog = watchdog()
    if time.monotonic() >= dog.look_at and dog.lock.acquire(blocking=False):
        try:
            found = [one for one in [*judge(read_facts(), patience()), *disk_findings()] if one.shouts]
            dog.findings = sorted(found, key=lambda one: one.state != FAILING)
            dog.look_at = time.monotonic() + current_app.config["WATCH_LOOK_S"]
        finally:
            dog.lock.release()
    return dog.findings


def look_again() -> None:
    """Forget the last look."""
    watchdog().look_at = 0.0
