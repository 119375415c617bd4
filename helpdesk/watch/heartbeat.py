"""The heartbeat: beat wakes a worker, and the worker writes a row. An old row means that one of the two is gone."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from helpdesk.core.db import transaction
from helpdesk.watch.models import Heartbeat

WORKER = "worker"


def beat() -> None:
    """Write that a worker took a task just now, by the database's clock."""
    row = insert(Heartbeat).values(name=WORKER, at=func.now())
    with transaction() as session:
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": func.now()}))
