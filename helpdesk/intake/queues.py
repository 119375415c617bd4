"""Which queue a form leads to."""

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound


def form_queue(slug: str | None) -> Queue:
    """The active queue called `slug`, or the oldest one. Raises NotFound."""
    query = select(Queue).where(Queue.active).order_by(Queue.id).limit(1)
    if slug is not None:
        # A program's JSON may hold what no text in the database can: NUL and lone surrogates.
        query = query.where(Queue.slug == slug.replace("\x00", "").encode("utf-8", "replace").decode())
    queue = db.session.scalar(query)
    if queue is None:
        raise NotFound()
    return queue


def form_queues() -> Sequence[Queue]:
    """Every queue that has a form, the one of /contact first."""
    return db.session.scalars(select(Queue).where(Queue.active).order_by(Queue.id)).all()
