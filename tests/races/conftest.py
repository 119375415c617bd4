"""A desk on which two things happen at once."""

import logging
import os
from collections.abc import Iterator

import pytest
from flask import Flask

from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from tests.conftest import empty_the_tables, make_agent
from tests.races.arena import Arena

RUNS = int(os.environ.get("RACE_RUNS", "2"))
SEED = int(os.environ.get("RACE_SEED", "1"))


@pytest.fixture(scope="module")
def arena(session_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Where pairs race: one desk for all of them, since each brings what it acts upon. Mail goes into a folder."""
    kept = dict(session_app.config)
    log = logging.getLogger("helpdesk")
    log.setLevel(logging.WARNING)
    session_app.config["SMTP_URL"] = str(tmp_path_factory.mktemp("sent"))
    session_app.extensions["broker_rests_until"] = 0.0
    with session_app.app_context():
        empty_the_tables()
        with transaction() as session:
            session.add(Queue(name="Support", slug="support", address="support@desk.example"))
        with Arena(session_app, SEED) as ready:
            yield ready
        db.session.remove()
    log.setLevel(logging.NOTSET)
    session_app.config.clear()
    session_app.config.update(kept)


@pytest.fixture
def people(arena: Arena) -> dict[str, int]:
    """Three colleagues of this test alone, as ids for scenes."""
    number = next(arena.numbers)
    roles = {"ada": "agent", "kim": "agent", "boss": "admin"}
    return {name: make_agent(f"{name.title()}{number}", role).id for name, role in roles.items()}
