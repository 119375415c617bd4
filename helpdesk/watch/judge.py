"""From facts to findings: what is well, what is not, and whether an admin must hear of it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.watch.facts import Facts

OK, WARNING, FAILING = "ok", "warning", "failing"
STATES = (OK, WARNING, FAILING)
LATE_S = 3600
"""A recipient's server may ask us to come again; after an hour that is worth a look."""
PERIODS = 3
"""How many times something that comes regularly may fail to come."""


@dataclass(frozen=True)
class Finding:
    """The state of one part. `code` names the sentences (wording.py), `values` fill them; `name` tells mailboxes apart.

    `shouts`: admins are told on every page.
    """

    part: str
    state: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    shouts: bool = False


@dataclass(frozen=True)
class Patience:
    """How long is too long, in seconds, and what is switched off. `up_s`: how long this process has been watching."""

    after_s: float
    sweep_s: float
    poll_s: float
    up_s: float
    sends: bool

    @property
    def heartbeat_s(self) -> float:
        return max(self.after_s, PERIODS * self.sweep_s)

    @property
    def mailbox_s(self) -> float:
        return max(self.after_s, PERIODS * self.poll_s)


def judge(facts: Facts, patience: Patience) -> list[Finding]:
    """What the database tells of: the background work, incoming mail, each mailbox, outgoing mail."""
    worker = _worker(facts, patience)
    boxes = [_mailbox(facts, patience, box) for box in facts.mailboxes]
    return [worker, _incoming(facts, patience, worker), *boxes, _outgoing(facts, patience)]


def worst(states: Iterator[str] | list[str]) -> str:
    """The worst of some states; ok for none."""
    return max(states, key=STATES.index, default=OK)


def _worker(facts: Facts, patience: Patience) -> Finding:
    quiet = _age(facts, facts.heartbeat)
    if quiet is not None and quiet <= patience.heartbeat_s:
        return Finding("worker", OK, "worker.works", {"since": facts.heartbeat})
    # A desk that was just switched on has an old heartbeat, or none: its worker gets the time to show itself.
    if patience.up_s <= patience.heartbeat_s:
        return Finding("worker", WARNING, "worker.starting")
    if quiet is None:
        return Finding("worker", FAILING, "worker.never", shouts=True)
    return Finding("worker", FAILING, "worker.silent", {"since": facts.heartbeat}, shouts=True)


def _incoming(facts: Facts, patience: Patience, worker: Finding) -> Finding:
    waits, values = _age(facts, facts.unread_since), {"count": facts.unread, "since": facts.unread_since}
    if waits is None or waits <= patience.after_s:
        return Finding("incoming", OK, "incoming.works", values)
    if worker.state == OK:
        return Finding("incoming", WARNING, "incoming.slow", values, shouts=True)
    return Finding("incoming", FAILING, "incoming.stands", values, shouts=patience.up_s > patience.after_s)


def _mailbox(facts: Facts, patience: Patience, box: Any) -> Finding:
    values = {"since": box.since, "name": box.name, "problem": box.problem, "id": box.id}
    silent = (_age(facts, box.since) or 0) > patience.mailbox_s and patience.up_s > patience.mailbox_s
    if box.problem:
        return Finding("mailbox", FAILING if silent else WARNING, "mailbox.trouble", values, box.name, silent)
    if silent:
        return Finding("mailbox", FAILING, "mailbox.silent", values, box.name, shouts=True)
    return Finding("mailbox", OK, "mailbox.works", values, box.name)


def _outgoing(facts: Facts, patience: Patience) -> Finding:
    values = {"count": facts.unsent, "since": facts.unsent_since}
    if not patience.sends:
        return Finding("outgoing", WARNING, "outgoing.off", values)
    if (_age(facts, facts.stuck_since) or 0) > patience.after_s:
        stuck = {"count": facts.stuck, "since": facts.stuck_since}
        return Finding("outgoing", FAILING, "outgoing.stuck", stuck, shouts=True)
    if (_age(facts, facts.untaken_since) or 0) > patience.after_s:
        untaken = {"count": facts.unsent, "since": facts.untaken_since}
        return Finding("outgoing", FAILING, "outgoing.stands", untaken, shouts=patience.up_s > patience.after_s)
    if (_age(facts, facts.unsent_since) or 0) > LATE_S:
        return Finding("outgoing", WARNING, "outgoing.late", values)
    return Finding("outgoing", OK, "outgoing.works", values)


def _age(facts: Facts, since: datetime | None) -> float | None:
    """Seconds by the database's clock."""
    return None if since is None else (facts.now - since) / timedelta(seconds=1)
