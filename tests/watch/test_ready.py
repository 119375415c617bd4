"""/health and /ready: true, in time, and without a word too much."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

import config
from helpdesk.accounts.models import Agent
from helpdesk.blobs.folder import FolderStore
from helpdesk.core.db import transaction
from helpdesk.factory import create_app
from helpdesk.watch.heartbeat import beat
from helpdesk.watch.parts import LIMIT_S, known_revisions
from helpdesk.watch.probes import Probe
from tests.ports import free_port
from tests.watch.conftest import forget

TOKEN = "a-token-for-the-collector"


def revision(value: str) -> None:
    with transaction() as session:
        session.execute(text("update alembic_version set version_num = :value"), {"value": value})


@pytest.fixture
def other_revision(app: Flask) -> Iterator[Callable[[str], None]]:
    """Says that the tables have another revision than they do."""
    yield revision
    revision(known_revisions()[0])


@pytest.fixture
def elsewhere(environment: dict[str, str]) -> Callable[..., Flask]:
    """The application with other settings, which is nobody's but the test's."""
    return lambda **settings: create_app(config.load({**environment, **settings}, services={}))


def checks(client: FlaskClient, **headers: str) -> tuple[int, dict[str, str]]:
    answer = client.get("/ready", headers=headers)
    assert answer.json is not None
    return answer.status_code, answer.json["checks"]


def test_health_says_alive_and_asks_nobody(elsewhere: Callable[..., Flask]):
    away = elsewhere(DATABASE_URL=f"postgresql+psycopg://x:y@127.0.0.1:{free_port()}/x")
    answer = away.test_client().get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


def test_a_desk_in_order_is_ready(app: Flask):
    beat()
    status, parts = checks(app.test_client())
    assert status == 200
    assert parts.pop("outgoing") == "warning", "it is switched off in tests"
    assert parts == dict.fromkeys(
        ("database", "migrations", "files", "disk", "broker", "worker", "beat", "incoming"), "ok"
    )


def test_the_public_gets_words_and_nothing_else(app: Flask):
    answer = app.test_client().get("/ready")
    assert answer.json is not None
    assert set(answer.json) == {"status", "checks"}
    assert set(answer.json["checks"].values()) <= {"ok", "warning", "failing"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_details_are_for_the_token_and_for_admins(
    app: Flask, boss: Agent, ada: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    app.config["WATCH_TOKEN"] = TOKEN
    _status, parts = checks(app.test_client(), Authorization=f"Bearer {TOKEN}")
    assert {"part", "name", "state", "code", "said"} <= set(next(iter(parts)))
    assert isinstance(checks(signed_in(boss))[1], list)
    for client, headers in (
        (app.test_client(), {"Authorization": "Bearer wrong"}),
        (app.test_client(), {"Authorization": "Bearer "}),
        (app.test_client(), {"Authorization": f"Basic {TOKEN}"}),
        (signed_in(ada), {}),
    ):
        assert isinstance(checks(client, **headers)[1], dict)


def test_details_hold_no_secret(app: Flask, environment: dict[str, str]):
    app.config["WATCH_TOKEN"] = TOKEN
    said = json.dumps(app.test_client().get("/ready", headers={"Authorization": f"Bearer {TOKEN}"}).json)
    for name in ("SECRET_KEY", "SECRETS_KEYS", "DATABASE_URL", "REDIS_URL"):
        assert environment[name] not in said


@pytest.mark.parametrize(
    ("networks", "headers", "inside"),
    [
        (["127.0.0.0/8"], {}, True),
        (["10.0.0.0/8"], {}, False),
        ([], {}, False),
        (["127.0.0.0/8"], {"X-Forwarded-For": "203.0.113.9"}, False),
    ],
)
def test_a_network_counts_when_the_settings_name_it_and_no_unknown_proxy_stands_before_us(
    app: Flask, networks: list[str], headers: dict[str, str], inside: bool
):
    app.config["WATCH_NETWORKS"] = networks
    assert isinstance(checks(app.test_client(), **headers)[1], list) == inside


def test_without_the_database_nobody_is_sent_here(elsewhere: Callable[..., Flask]):
    away = elsewhere(DATABASE_URL=f"postgresql+psycopg://x:y@127.0.0.1:{free_port()}/x")
    status, parts = checks(away.test_client())
    assert (status, parts["database"]) == (503, "failing")


def test_a_database_and_a_broker_that_say_nothing_are_not_waited_for(elsewhere: Callable[..., Flask], silent_port: int):
    hangs = elsewhere(
        DATABASE_URL=f"postgresql+psycopg://x:y@127.0.0.1:{silent_port}/x?connect_timeout=9",
        REDIS_URL=f"redis://127.0.0.1:{silent_port}/0",
    )
    began = time.monotonic()
    status, parts = checks(hangs.test_client())
    assert (status, parts["database"], parts["broker"]) == (503, "failing", "warning")
    assert time.monotonic() - began < LIMIT_S + 1


def test_a_question_that_hangs_is_asked_once_however_many_want_to_know(app: Flask):
    asked, go_on = [], Event()

    def ask() -> str:
        asked.append(1)
        go_on.wait(10)
        return "here"

    probe = Probe(app, ask, limit_s=0.05, keep_s=60)
    assert [probe.answer(probe.begin()).is_late for _ in range(3)] == [True, True, True]
    go_on.set()
    probe.limit_s = 5
    assert probe.answer(probe.begin()).value == "here"
    assert probe.answer(probe.begin()).value == "here"
    assert len(asked) == 1


def test_without_the_broker_people_still_work(elsewhere: Callable[..., Flask], app: Flask):
    away = elsewhere(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    status, parts = checks(away.test_client())
    assert (status, parts["broker"]) == (200, "warning")


def test_without_a_place_for_files_nobody_is_sent_here(app: Flask, tmp_path: Path):
    place = tmp_path / "blobs"
    kept = app.extensions.get("blobs")
    app.extensions["blobs"] = FolderStore.at(str(place))
    try:
        place.rmdir()
        status, parts = checks(app.test_client())
        assert (status, parts["files"]) == (503, "failing")
        place.mkdir()
        forget(app)
        assert checks(app.test_client())[0] == 200
        assert list(place.iterdir()) == [], "looking leaves nothing behind"
    finally:
        app.extensions["blobs"] = kept


def test_a_full_disk_takes_nobody_and_a_low_one_warns(app: Flask):
    app.config["FREE_DISK_WARN_BYTES"] = 10**18
    status, parts = checks(app.test_client())
    assert (status, parts["disk"], parts["files"]) == (200, "warning", "ok")
    forget(app)
    app.config["FREE_DISK_MIN_BYTES"] = 10**18
    status, parts = checks(app.test_client())
    assert (status, parts["disk"], parts["files"]) == (503, "failing", "failing")


def test_old_tables_take_nobody_and_newer_ones_only_warn(app: Flask, other_revision: Callable[[str], None]):
    other_revision("0001")
    status, parts = checks(app.test_client())
    assert (status, parts["migrations"]) == (503, "failing")
    forget(app)
    other_revision("9999")
    status, parts = checks(app.test_client())
    assert (status, parts["migrations"]) == (200, "warning")


def test_the_brokers_queue_tells_a_dead_worker_from_a_dead_timetable(app: Flask):
    beat()
    with transaction() as session:
        session.execute(text("update heartbeats set at = now() - interval '10 minutes'"))
    client = app.extensions["broker_probe"]
    client.delete("default")
    _status, parts = checks(app.test_client())
    assert (parts["worker"], parts["beat"]) == ("warning", "failing")
    forget(app)
    app.extensions["watch_began"] = -(10**9)
    client.lpush("default", "{}")
    _status, parts = checks(app.test_client())
    assert (parts["worker"], parts["beat"]) == ("failing", "ok")
    client.delete("default")


def test_the_known_revisions_are_those_of_the_migrations(app: Flask) -> None:
    scripts = ScriptDirectory(str(Path(app.root_path).parent / "migrations"))
    assert known_revisions() == tuple(script.revision for script in scripts.walk_revisions())
