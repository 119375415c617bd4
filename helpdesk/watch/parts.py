"""The parts that are asked: database and its migrations, broker, the store of files, the disks below."""

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import text

from helpdesk.blobs.folder import FolderStore
from helpdesk.blobs.store import store
from helpdesk.core.db import db
from helpdesk.core.jobs import QUEUES
from helpdesk.watch.facts import read_facts
from helpdesk.watch.probes import Probe

STATEMENT_TIMEOUT_MS = 1500
LIMIT_S = 2.0
KEEP_S, KEEP_FILES_S = 1.0, 10.0
"""How old an answer may be. Writing to the store costs more than a question."""


def probes() -> Mapping[str, Probe]:
    """The questions of this process, made once."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if "watch_probes" not in app.extensions:
        app.extensions["watch_probes"] = {
            "database": Probe(app, ask_database, LIMIT_S, KEEP_S),
            "broker": Probe(app, ask_broker, LIMIT_S, KEEP_S),
            "files": Probe(app, ask_files, LIMIT_S, KEEP_FILES_S),
        }
    return app.extensions["watch_probes"]


def ask_database() -> dict[str, Any]:
    """The facts, and the revision that the tables have."""
    try:
        session = db.session
        session.execute(text("select set_config('statement_timeout', :ms, true)"), {"ms": str(STATEMENT_TIMEOUT_MS)})
        revision = session.scalar(text("select version_num from alembic_version"))
        return {"revision": revision, "facts": read_facts()}
    finally:
        db.session.remove()


def ask_broker() -> dict[str, int]:
    """How many tasks stand in each queue of the broker."""
    client = current_app.extensions["broker_probe"]
    return {queue: client.llen(queue) for queue in QUEUES}


def ask_files() -> None:
    """Write something small where the files are kept. Raises NoSpace, StoreAway, OSError."""
    store().probe()


@cache
def known_revisions() -> tuple[str, ...]:
    """The revisions of the migrations that this code has, newest first."""
    files = (Path(__file__).parent.parent.parent / "migrations" / "versions").glob("[0-9]*.py")
    return tuple(sorted((file.name.partition("_")[0] for file in files), reverse=True))


def disks() -> dict[str, int]:
    """Free bytes of each disk that the desk writes to and that this process can see: files, and embedded servers."""
    found: dict[int, tuple[str, int]] = {}
    place = store()
    folders = [place.root] if isinstance(place, FolderStore) else []
    for folder in [*folders, Path(current_app.config["VAR_DIR"])]:
        if folder.exists():
            found.setdefault(folder.stat().st_dev, (str(folder), shutil.disk_usage(folder).free))
    return dict(found.values())
