"""What is in the outbox, for people."""

import time
from collections.abc import Iterator
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.paging import Page, fetch
from helpdesk.mail_out.models import DUE, OutboundMail
from helpdesk.mail_out.transport import outgoing_is_off

PAGE_ROWS = 50
COUNT_TO = 100
"""Counts stop here: nobody needs to know more of them, and counting all of a large outbox takes long."""
COUNT_KEPT_S = 15

VIEWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "failed": (_l("Failed"), ("failed",)),
    "delayed": (_l("Delayed"), ("delayed", "uncertain")),
    "waiting": (_l("On their way"), ("queued", "sending")),
    "sent": (_l("Sent"), ("sent",)),
    "discarded": (_l("Discarded"), ("discarded",)),
}
COUNTED = ("failed", "delayed", "waiting")


def mails(view: str, after: str | None) -> Page[OutboundMail]:
    """A page of the mails in a view, newest first, with their recipients."""
    query = select(OutboundMail).where(_in(view)).options(selectinload(OutboundMail.recipients))
    return fetch(query, [OutboundMail.id], after, size=PAGE_ROWS, newest_first=True)


def every_mail(view: str | None, limit: int | None) -> Iterator[OutboundMail]:
    """Mails of one view or of all, newest first, a page at a time."""
    after, left = None, limit
    while left is None or left > 0:
        query = select(OutboundMail).options(selectinload(OutboundMail.recipients))
        query = query.where(_in(view)) if view else query
        size = PAGE_ROWS if left is None else min(PAGE_ROWS, left)
        page = fetch(query, [OutboundMail.id], after, size=size, newest_first=True)
        yield from (row[0] for row in page.rows)
        after, left = page.after, left and left - len(page.rows)
        if after is None:
            return


def counts() -> dict[str, str]:
    """How many mails ask for attention, in words that stop at "99+"."""
    some = [select(OutboundMail.id).where(_in(view)).limit(COUNT_TO).subquery() for view in COUNTED]
    query = select(*(select(func.count()).select_from(ids).scalar_subquery() for ids in some))
    found = db.session.execute(query).one()
    return {view: _capped(count) for view, count in zip(COUNTED, found, strict=True)}


def mail_by_id(mail_id: int) -> OutboundMail:
    """One mail with its recipients. Raises NotFound."""
    query = select(OutboundMail).where(OutboundMail.id == mail_id).options(selectinload(OutboundMail.recipients))
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound()
    return found


def waiting_while_off() -> str | None:
    """How many mails wait because outgoing mail is switched off; None when it is on. At most COUNT_KEPT_S old."""
    if not outgoing_is_off():
        return None
    kept = current_app.extensions.get("mail_out_waiting")
    if kept is None or kept[0] < time.monotonic():
        waiting = select(OutboundMail.id).where(DUE).limit(COUNT_TO).subquery()
        count = db.session.scalars(select(func.count()).select_from(waiting)).one()
        kept = (time.monotonic() + COUNT_KEPT_S, _capped(count))
        current_app.extensions["mail_out_waiting"] = kept
    return kept[1]


def _in(view: str) -> ColumnElement[bool]:
    return OutboundMail.state.in_(VIEWS[view][1])


def _capped(count: int) -> str:
    return str(count) if count < COUNT_TO else f"{COUNT_TO - 1}+"
