"""What the database knows of how things go: one statement, over rows that are not done yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from helpdesk.core.db import db
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_out.models import DUE, OutboundMail
from helpdesk.watch.heartbeat import WORKER
from helpdesk.watch.models import Heartbeat

COUNT_TO = 10_000
"""Counts stop here: what is more is as bad, and counting it would make it worse."""
OUR_SIDE = (
    *("unreachable", "timeout", "broken", "login", "no_login", "bare_login", "tls", "no_starttls", "settings"),
    *("folder", "store", "compose", "unforeseen"),
)
"""Troubles of sending that have to do with our own way out, not with one recipient (mail_out/words.py)."""


@dataclass(frozen=True)
class Box:
    """How a mailbox that is switched on goes."""

    id: int
    name: str
    since: datetime
    """The last poll that succeeded, else when the mailbox was made."""
    problem: str


@dataclass(frozen=True)
class Facts:
    """The state of the desk by the database's clock. Counts stop at COUNT_TO."""

    now: datetime
    heartbeat: datetime | None
    unread: int
    unread_since: datetime | None
    unsent: int
    unsent_since: datetime | None
    untaken_since: datetime | None
    """Since when the longest-waiting mail is due without a worker having taken it."""
    stuck: int
    """Mails that our own way out has failed."""
    stuck_since: datetime | None
    mailboxes: Sequence[Box]


def read_facts() -> Facts:
    """One statement on the caller's connection."""
    row = db.session.execute(_question()).one()
    boxes = [
        Box(one["id"], one["name"], datetime.fromisoformat(one["since"]), one["problem"]) for one in row.mailboxes or ()
    ]
    return Facts(**{**row._asdict(), "mailboxes": boxes})


def _question() -> Select[Any]:
    # Each scans an index that holds only rows that are not done, from the longest due on.
    unread = (
        select(InboundMail.received_at)
        .where(InboundMail.outcome.is_(None))
        .order_by(InboundMail.next_try_at, InboundMail.id)
        .limit(COUNT_TO)
        .subquery()
    )
    unsent = (
        select(
            OutboundMail.created_at,
            OutboundMail.first_tried_at,
            OutboundMail.trouble["code"].astext.in_(OUR_SIDE).label("is_stuck"),
            _is_untaken().label("is_untaken"),
            OutboundMail.next_try_at,
        )
        .where(DUE)
        .order_by(OutboundMail.next_try_at, OutboundMail.id)
        .limit(COUNT_TO)
        .subquery()
    )
    return select(
        func.now().label("now"),
        select(Heartbeat.at).where(Heartbeat.name == WORKER).scalar_subquery().label("heartbeat"),
        _of(func.count(), unread).label("unread"),
        _of(func.min(unread.c.received_at), unread).label("unread_since"),
        _of(func.count(), unsent).label("unsent"),
        _of(func.min(unsent.c.created_at), unsent).label("unsent_since"),
        _of(func.min(unsent.c.next_try_at).filter(unsent.c.is_untaken), unsent).label("untaken_since"),
        _of(func.count().filter(unsent.c.is_stuck), unsent).label("stuck"),
        _of(func.min(unsent.c.first_tried_at).filter(unsent.c.is_stuck), unsent).label("stuck_since"),
        _mailboxes().label("mailboxes"),
    )


def _of(value: ColumnElement[Any], rows: Any) -> Any:
    return select(value).select_from(rows).scalar_subquery()


def _is_untaken() -> ColumnElement[bool]:
    return and_(
        OutboundMail.next_try_at <= func.now(),
        or_(OutboundMail.leased_until.is_(None), OutboundMail.leased_until < func.now()),
    )


def _mailboxes() -> Any:
    one = func.json_build_object(
        *("id", Mailbox.id, "name", Mailbox.name, "problem", Mailbox.problem),
        *("since", func.coalesce(Mailbox.succeeded_at, Mailbox.created_at)),
    )
    return select(func.json_agg(one)).where(Mailbox.active).scalar_subquery()
