"""What a new installation needs before its first mail and its first person."""

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.accounts import audit
from helpdesk.cases.models import Queue
from helpdesk.core.db import transaction


def make_first_queue() -> Queue | None:
    """The queue Support, at support@MAIL_DOMAIN, if there is no queue at all; None if there is one."""
    with transaction() as session:
        if session.scalar(select(Queue.id).limit(1)) is not None:
            return None
        address = f"support@{current_app.config['MAIL_DOMAIN']}".lower()
        # Two starts at once end with one queue.
        queue = session.execute(
            insert(Queue)
            .values(name="Support", slug="support", address=address)
            .on_conflict_do_nothing()
            .returning(Queue)
        ).scalar_one_or_none()
        if queue is not None:
            audit.note(None, "added", "queue", queue.id, {"name": queue.name, "address": address})
        return queue
