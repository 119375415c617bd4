"""What happened since: events read from the table, for a stream that resumes and for when Valkey is away."""

from typing import Any

from sqlalchemy import Select, and_, func, or_, select, text

from helpdesk.cases.models import Case, CaseEvent
from helpdesk.core.db import db
from helpdesk.core.fast import Fast
from helpdesk.live.stream import as_data

REPLAY_MAX = 200
OVERLAP_IDS = 500
OVERLAP_S = 10
"""Ids are given out before the commit, so a lower one may appear after a higher: we look back this far. An event may
then be told twice; a screen that refreshes twice shows the same."""
NEWEST = Fast(select(func.max(CaseEvent.id)))


def newest_id() -> int:
    """The highest event id there is; 0 for none."""
    return NEWEST.one()[0] or 0


def since(after: int) -> list[dict[str, Any]]:
    """Events after id `after`, oldest first, with those of the last seconds before it.

    At most REPLAY_MAX, the newest; when there were more, the first of them says `refresh`, and of no case.
    """
    rows = db.session.execute(_recent(after).limit(REPLAY_MAX + 1)).all()
    events = [as_data(*row) for row in reversed(rows[:REPLAY_MAX])]
    if len(rows) > REPLAY_MAX:
        events.insert(0, as_data(events[0]["id"] - 1, "refresh", None, None, None, None))
    return events


def _recent(after: int) -> Select[*tuple[Any, ...]]:
    overlap = text(f"interval '{OVERLAP_S} seconds'")
    return (
        select(CaseEvent.id, CaseEvent.kind, Case.number, Case.id, Case.queue_id, CaseEvent.actor_id)
        .join(Case, Case.id == CaseEvent.case_id)
        .where(
            or_(
                CaseEvent.id > after,
                and_(CaseEvent.id > after - OVERLAP_IDS, CaseEvent.at > func.now() - overlap),
            )
        )
        .where(CaseEvent.id > after - OVERLAP_IDS)
        .order_by(CaseEvent.id.desc())
    )
