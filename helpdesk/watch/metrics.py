"""The figures that Prometheus fetches: of the database at the moment of asking, and counted by every process."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db
from helpdesk.core.tally import BUCKETS_S, tally
from helpdesk.mail_in.listing import NEEDS_A_PERSON
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_out.models import OutboundMail
from helpdesk.watch.check import check, is_ready
from helpdesk.watch.facts import read_facts
from helpdesk.watch.judge import STATES, Finding
from helpdesk.watch.parts import STATEMENT_TIMEOUT_MS

COUNTERS = {
    "requests": ("Requests answered", ("endpoint", "status")),
    "tasks": ("Tasks that a worker has run", ("task", "result")),
    "mails_read": ("Mails that came in and got their outcome", ("door", "outcome")),
    "case_events": ("What happened on cases", ("kind",)),
    "sends": ("Attempts to send a mail, by the state they left it in", ("state",)),
}
TIMES = {
    "request_duration_seconds": ("How long requests took", ("endpoint",)),
    "task_duration_seconds": ("How long tasks took", ("task",)),
}
OUTBOX_STATES = ("queued", "sending", "delayed", "uncertain", "failed")
"""Not what is sent: those are many, and counted by sends."""


def as_text() -> bytes:
    """Everything, in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Desk())
    return generate_latest(registry)


class _Desk(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _checks(check())
        yield from _of_the_database()
        yield from _counted()


def _checks(findings: list[Finding]) -> Iterator[Metric]:
    yield GaugeMetricFamily("helpdesk_ready", "Whether a load balancer may send people here", is_ready(findings))
    state = GaugeMetricFamily("helpdesk_check", "State of a part: 0 ok, 1 warning, 2 failing", labels=["part", "name"])
    for one in findings:
        state.add_metric([one.part, one.name], STATES.index(one.state))
    yield state
    by_part = {one.part: one.values for one in findings}
    if "free" in by_part.get("disk", {}):
        yield GaugeMetricFamily("helpdesk_disk_free_bytes", "Free on the fullest disk", by_part["disk"]["free"])
    if "queues" in by_part.get("broker", {}):
        queues = GaugeMetricFamily("helpdesk_broker_tasks", "Tasks that wait in the broker", labels=["queue"])
        for queue, waiting in by_part["broker"]["queues"].items():
            queues.add_metric([queue], waiting)
        yield queues


def _of_the_database() -> Iterator[Metric]:
    """Nothing while the database is away: helpdesk_check says so."""
    try:
        db.session.execute(text("select set_config('statement_timeout', :ms, true)"), {"ms": str(STATEMENT_TIMEOUT_MS)})
        yield from list(_rows())
    except SQLAlchemyError:
        return
    finally:
        db.session.rollback()


def _rows() -> Iterator[Metric]:
    facts = read_facts()
    ages = (
        ("heartbeat_age", "Since a worker last showed that it lives", facts.heartbeat),
        ("mail_unread_age", "How long the oldest mail waits to be read", facts.unread_since or facts.now),
        ("mail_unsent_age", "How long the oldest mail waits to be sent", facts.unsent_since or facts.now),
    )
    for name, about, since in ages:
        if since is not None:
            yield GaugeMetricFamily(f"helpdesk_{name}_seconds", about, (facts.now - since).total_seconds())
    yield GaugeMetricFamily("helpdesk_mail_unread", "Mails that came in and wait to be read", facts.unread)
    silent = GaugeMetricFamily("helpdesk_mailbox_age_seconds", "Since the last good poll", labels=["mailbox"])
    for box in facts.mailboxes:
        silent.add_metric([box.name], (facts.now - box.since).total_seconds())
    yield silent
    outbox = select(OutboundMail.state, func.count()).where(OutboundMail.state.in_(OUTBOX_STATES))
    yield _counts("outbox", "Mails in the outbox", "state", outbox.group_by(OutboundMail.state), OUTBOX_STATES)
    held = select(InboundMail.outcome, func.count()).where(InboundMail.outcome.in_(NEEDS_A_PERSON))
    about = "Mails that wait for a person"
    yield _counts("mail_waits_for_person", about, "outcome", held.group_by(InboundMail.outcome), NEEDS_A_PERSON)
    unclaimed = select(Queue.slug, func.count(Case.id)).join(Case, Case.queue_id == Queue.id)
    unclaimed = unclaimed.where(Case.status == "open", Case.owner_id.is_(None)).group_by(Queue.slug)
    queues = db.session.scalars(select(Queue.slug).where(Queue.active)).all()
    yield _counts("cases_unclaimed", "Open cases that nobody has claimed", "queue", unclaimed, queues)


def _counts(name: str, about: str, label: str, query: Any, known: Iterable[str]) -> Metric:
    found = dict.fromkeys(known, 0) | {row[0]: row[1] for row in db.session.execute(query)}
    family = GaugeMetricFamily(f"helpdesk_{name}", about, labels=[label])
    for value, count in found.items():
        family.add_metric([value], count)
    return family


def _counted() -> Iterator[Metric]:
    """What the processes have counted. Nothing while Valkey is away."""
    try:
        counts, gauges = tally().read()
    except (RedisError, OSError):
        return
    yield GaugeMetricFamily("helpdesk_live_streams", "Open live screens", gauges.get("live_streams", 0))
    by_name: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for (name, *labels), count in counts.items():
        by_name[name][tuple(labels)] = count
    for name, (about, label_names) in COUNTERS.items():
        family = CounterMetricFamily(f"helpdesk_{name}", about, labels=list(label_names))
        for words, count in sorted(by_name[name].items()):
            if len(words) == len(label_names):
                family.add_metric(list(words), count)
        yield family
    for name, (about, label_names) in TIMES.items():
        yield _histogram(name, about, label_names, by_name[name])


def _histogram(name: str, about: str, label_names: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Metric:
    family = HistogramMetricFamily(f"helpdesk_{name}", about, labels=list(label_names))
    for labels in sorted({labels[:-1] for labels in counts if len(labels) == len(label_names) + 1}):
        so_far, buckets = 0, []
        for edge in (*map(str, BUCKETS_S), "+Inf"):
            so_far += counts.get((*labels, edge), 0)
            buckets.append((edge, so_far))
        family.add_metric(list(labels), buckets, counts.get((*labels, "us"), 0) / 1_000_000)
    return family
