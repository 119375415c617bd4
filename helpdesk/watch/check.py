"""How everything is, in findings: what machines ask at /ready and admins see on the status page."""

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask import current_app

from helpdesk.blobs.errors import NoSpace
from helpdesk.mail_out.transport import outgoing_is_off
from helpdesk.watch.judge import FAILING, OK, WARNING, Finding, Patience, judge
from helpdesk.watch.parts import disks, known_revisions, probes
from helpdesk.watch.probes import Answer

GATES = ("database", "migrations", "files")
"""Without these a web process can serve nobody. With any other part away it still takes everything in."""


def patience() -> Patience:
    """How long is too long here and now."""
    settings = current_app.config
    began = current_app.extensions.setdefault("watch_began", time.monotonic())
    return Patience(
        after_s=settings["WATCH_AFTER_S"],
        sweep_s=settings["SWEEP_S"],
        poll_s=settings["IMAP_POLL_S"],
        up_s=time.monotonic() - began,
        sends=not outgoing_is_off(),
    )


def check() -> list[Finding]:
    """The state of every part; takes at most the longest of the probes' limits."""
    questions = {name: (probe, probe.begin()) for name, probe in probes().items()}
    answers = {name: probe.answer(asked) for name, (probe, asked) in questions.items()}
    database, broker = answers["database"], answers["broker"]
    findings = [_database(database), _files(answers["files"]), *disk_findings(), _broker(broker)]
    if database.is_good:
        findings.insert(1, _migrations(database.value["revision"]))
        judged = judge(database.value["facts"], patience())
        findings += [*_worker_or_beat(judged[0], broker), *judged[1:]]
    return findings


def is_ready(findings: list[Finding]) -> bool:
    """Whether a load balancer may send people here."""
    return not any(one.part in GATES and one.state == FAILING for one in findings)


def disk_findings() -> Iterator[Finding]:
    """One finding for the fullest disk: low before it is so full that mail is refused."""
    settings = current_app.config
    free = disks()
    if not free:
        return
    folder = min(free, key=lambda one: free[one])
    total = shutil.disk_usage(folder).total
    values = {"folder": folder, "free": free[folder], "total": total}
    if free[folder] < settings["FREE_DISK_MIN_BYTES"]:
        yield Finding("disk", FAILING, "disk.full", values, shouts=True)
    elif free[folder] < settings["FREE_DISK_WARN_BYTES"]:
        yield Finding("disk", WARNING, "disk.low", values, shouts=True)
    else:
        yield Finding("disk", OK, "disk.works", values)


def _database(answer: Answer) -> Finding:
    if answer.is_good:
        return Finding("database", OK, "database.works")
    return Finding("database", FAILING, "database.late" if answer.is_late else "database.away", _why(answer))


def _migrations(revision: str | None) -> Finding:
    known = known_revisions()
    if revision == known[0]:
        return Finding("migrations", OK, "migrations.done", {"revision": revision})
    if revision is None or revision in known:
        return Finding("migrations", FAILING, "migrations.behind", {"revision": revision, "wanted": known[0]})
    # While a new release is rolled out its tables come first, and the processes of the one before go on.
    return Finding("migrations", WARNING, "migrations.ahead", {"revision": revision, "wanted": known[0]})


def _files(answer: Answer) -> Finding:
    if answer.is_good:
        return Finding("files", OK, "files.works")
    if isinstance(answer.error, NoSpace):
        return Finding("files", FAILING, "files.full")
    return Finding("files", FAILING, "files.late" if answer.is_late else "files.away", _why(answer))


def _broker(answer: Answer) -> Finding:
    if answer.is_good:
        return Finding("broker", OK, "broker.works", {"waiting": sum(answer.value.values()), "queues": answer.value})
    return Finding("broker", WARNING, "broker.away", _why(answer))


def _worker_or_beat(worker: Finding, broker: Answer) -> list[Finding]:
    """A silent heartbeat has two possible reasons; the broker's queue tells which: wake-ups that nobody takes, or none.

    While the broker is away neither can be told.
    """
    beat = replace(worker, part="beat", code=worker.code.replace("worker.", "beat."), shouts=False)
    if worker.state != FAILING:
        return [worker, beat]
    if not broker.is_good:
        return [replace(worker, code="worker.cut_off"), replace(beat, state=WARNING, code="beat.unknown")]
    if broker.value["default"]:
        return [worker, replace(beat, state=OK, code="beat.works")]
    return [replace(worker, state=WARNING, code="worker.unasked"), replace(beat, shouts=True)]


def _why(answer: Answer) -> Mapping[str, Any]:
    return {"error": type(answer.error).__name__} if answer.error else {}
