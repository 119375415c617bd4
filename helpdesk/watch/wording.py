"""Findings in plain words: what a part is, what its state means, and what to do."""

from collections.abc import Mapping
from typing import Any

from flask import url_for

from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.looks import age, file_size
from helpdesk.watch.facts import COUNT_TO
from helpdesk.watch.judge import Finding

STATE_NAMES: Mapping[str, Any] = {
    "ok": _l("in order"),
    "warning": _l("needs a look"),
    "failing": _l("does not work"),
}
PART_NAMES: Mapping[str, Any] = {
    "database": _l("Database"),
    "migrations": _l("Tables"),
    "files": _l("Store of files"),
    "disk": _l("Disk"),
    "broker": _l("Message broker"),
    "worker": _l("Background work"),
    "beat": _l("Timetable"),
    "incoming": _l("Incoming mail"),
    "mailbox": _l("Mailbox"),
    "outgoing": _l("Outgoing mail"),
}
MEANINGS: Mapping[str, Any] = {
    "database.works": _l("PostgreSQL answers."),
    "database.away": _l("PostgreSQL does not answer. Nobody can work, and mail servers are asked to try again."),
    "database.late": _l("PostgreSQL did not answer in time."),
    "migrations.done": _l("The tables fit this version of the desk."),
    "migrations.behind": _l("The tables are older than this version of the desk: %(revision)s instead of %(wanted)s."),
    "migrations.ahead": _l("The tables are newer than this version of the desk, as they are during an upgrade."),
    "files.works": _l("Attachments and mail can be kept."),
    "files.full": _l("The disk is so full that no mail is taken in. Senders' servers keep it and try again."),
    "files.away": _l("Attachments and mail cannot be kept, so no mail is taken in. Senders' servers try again."),
    "files.late": _l("The store of attachments and mail did not answer in time."),
    "disk.works": _l("%(free)s of %(total)s are free."),
    "disk.low": _l("Only %(free)s of %(total)s are free. When less is left, no more mail is taken in."),
    "disk.full": _l("Only %(free)s of %(total)s are free. No mail is taken in."),
    "broker.works": _l("Redis answers. Tasks waiting: %(waiting)s."),
    "broker.away": _l("Redis does not answer. Mail is still taken in and kept; it is read when Redis is back."),
    "worker.works": _l("A worker showed %(age)s ago that it works."),
    "worker.starting": _l("The desk was just started. The worker has not shown yet that it works."),
    "worker.never": _l("No worker has ever shown that it works. No mail is read, and no answer leaves."),
    "worker.silent": _l("Nothing has been done in the background for %(age)s. No mail is read, and no answer leaves."),
    "worker.cut_off": _l("Nothing has been done in the background for %(age)s, while Redis does not answer."),
    "worker.unasked": _l("Nobody asks the workers to do anything; see the timetable."),
    "beat.works": _l("The workers are woken regularly."),
    "beat.starting": _l("The desk was just started. Nothing was due yet."),
    "beat.never": _l("The workers have never been woken: mailboxes are not looked at."),
    "beat.silent": _l("The workers have not been woken for %(age)s: mailboxes are not looked at."),
    "beat.unknown": _l("While Redis does not answer this cannot be told."),
    "incoming.works": _l("Mails waiting to be read: %(count)s."),
    "incoming.slow": _l("Mails waiting to be read: %(count)s, the oldest for %(age)s. The workers cannot keep up."),
    "incoming.stands": _l("Mails waiting to be read: %(count)s, the oldest for %(age)s. Nobody reads them."),
    "mailbox.works": _l("Looked at %(age)s ago."),
    "mailbox.silent": _l("Not looked at for %(age)s."),
    "mailbox.trouble": _l("Nothing could be fetched for %(age)s: %(problem)s"),
    "outgoing.works": _l("Mails on their way: %(count)s."),
    "outgoing.off": _l("Outgoing mail is switched off. Mails waiting: %(count)s."),
    "outgoing.late": _l(
        "A receiving server asks us to try again later. Mails waiting: %(count)s, the oldest for %(age)s."
    ),
    "outgoing.stands": _l("Mails waiting to be sent: %(count)s. Nobody has taken them for %(age)s."),
    "outgoing.stuck": _l(
        "Mails that cannot leave through the outgoing mail server: %(count)s, the oldest for %(age)s."
    ),
}
ADVICE: Mapping[str, Any] = {
    "database.away": _l("See that PostgreSQL runs, and that DATABASE_URL leads to it."),
    "database.late": _l("See what PostgreSQL is busy with. If this lasts, it needs more memory or a faster disk."),
    "migrations.behind": _l("Run: flask db upgrade"),
    "migrations.ahead": _l("Start this process anew with the new version."),
    "files.full": _l("Free some space, or give the desk a larger disk. Mail then comes in by itself."),
    "files.away": _l("See that the place that BLOB_URL names is there and may be written to."),
    "files.late": _l("See that the place that BLOB_URL names answers."),
    "disk.low": _l("Free some space, or give the desk a larger disk: %(folder)s"),
    "disk.full": _l("Free some space, or give the desk a larger disk: %(folder)s"),
    "broker.away": _l("See that Redis or Valkey runs, and that REDIS_URL leads to it. Nothing is lost meanwhile."),
    "worker.never": _l("Start a worker and look at its log."),
    "worker.silent": _l("See that the worker runs, and look at its log. What waits is done once it is back."),
    "worker.cut_off": _l("Bring Redis back first."),
    "beat.never": _l("Start the process “beat” and look at its log."),
    "beat.silent": _l("See that the process “beat” runs, and look at its log."),
    "incoming.slow": _l("It sorts itself out after a rush. If it lasts, start more workers."),
    "incoming.stands": _l("See that the worker runs, and look at its log. Nothing is lost."),
    "mailbox.silent": _l("See that worker and beat run."),
    "mailbox.trouble": _l("Open the mailbox, and try its settings out."),
    "outgoing.off": _l("Set SMTP_URL when answers shall leave."),
    "outgoing.late": _l("Look into the outbox: it says what the server said. It is tried again by itself."),
    "outgoing.stands": _l("See that the worker runs, and look at its log. Answers leave once it is back."),
    "outgoing.stuck": _l("Look into the outbox: it says what is wrong. Then see to the server, or to SMTP_URL."),
}
PLACES: Mapping[str, str] = {
    "incoming": "mail_in.ledger",
    "mailbox": "mail_in.mailboxes",
    "outgoing": "mail_out.outbox",
}


def part_name(finding: Finding) -> str:
    """What the part is called."""
    name = str(PART_NAMES[finding.part])
    return f"{name} · {finding.name}" if finding.name else name


def state_name(finding: Finding) -> str:
    """Its state in words."""
    return str(STATE_NAMES[finding.state])


def meaning(finding: Finding) -> str:
    """What its state means, in a sentence."""
    return str(MEANINGS[finding.code]) % _values(finding)


def advice(finding: Finding) -> str:
    """What to do; empty when there is nothing to do."""
    return str(ADVICE.get(finding.code, "")) % _values(finding)


def place(finding: Finding) -> str:
    """The address of the page where one can do something about it, or nothing."""
    return url_for(PLACES[finding.part]) if finding.part in PLACES else ""


def _values(finding: Finding) -> dict[str, Any]:
    values = dict(finding.values)
    if values.get("since") is not None:
        values["age"] = _how_long(values["since"])
    for size in ("free", "total"):
        if size in values:
            values[size] = file_size(values[size])
    if values.get("count", 0) >= COUNT_TO:
        values["count"] = _("more than %(count)s", count=COUNT_TO - 1)
    return values


def _how_long(since: Any) -> str:
    found = age(since)
    return _("less than a minute") if found == _("now") else found
