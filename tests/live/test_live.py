"""What one does, all see: over real streams of a real web process."""

import queue as queues
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from helpdesk.accounts.models import Agent, SignIn
from helpdesk.cases.claim import claim
from helpdesk.cases.models import Case, CaseEvent
from helpdesk.core.db import db, transaction
from helpdesk.embedded.valkey import start_valkey
from tests.live.servers import Screen, WebProcess, cookie_of

Open = Callable[..., Screen]
Happen = Callable[..., CaseEvent]


def test_a_claim_reaches_anothers_screen_within_a_second(screen: Open, case: Case, ada: Agent, kim: Agent) -> None:
    kims = screen(kim)
    claim(case, by=ada)
    told = kims.next("claimed", within_s=1)
    assert told["number"] == case.number
    assert (told["case"], told["queue"], told["actor"]) == (case.id, case.queue_id, ada.id)


def test_what_is_rolled_back_is_never_told(screen: Open, happen: Happen, case: Case, kim: Agent) -> None:
    kims = screen(kim)

    def half() -> None:
        with transaction():
            happen(case, "closed")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with pytest.raises(queues.Empty):
        kims.next("closed", within_s=2)


def test_a_stream_resumes_after_its_last_event(screen: Open, happen: Happen, case: Case, kim: Agent) -> None:
    seen = happen(case, "claimed")
    with transaction() as session:
        session.execute(text("update case_events set at = now() - interval '1 hour'"))
    happen(case, "released")
    missed = screen(kim, last_event_id=seen.id)
    assert missed.next("released", within_s=2)["number"] == case.number
    assert missed.events.empty()


def test_an_event_that_committed_late_with_a_lower_id_is_told_on_resume(
    screen: Open, happen: Happen, case: Case, kim: Agent
) -> None:
    late = happen(case, "released")
    seen = happen(case, "claimed")
    resumed = screen(kim, last_event_id=seen.id)
    assert resumed.next("released", within_s=2)["id"] == late.id


def test_who_missed_very_much_is_told_to_refresh_and_gets_the_newest(screen: Open, case: Case, kim: Agent) -> None:
    with transaction() as session:
        missed = [CaseEvent(case_id=case.id, kind="noted") for _ in range(300)]
        session.add_all(missed)
    resumed = screen(kim, path="/live?after=0")
    assert resumed.next("refresh", within_s=2)["number"] is None
    ids = [resumed.next("noted", within_s=2)["id"] for _ in range(200)]
    assert ids == [event.id for event in missed[100:]]


def test_a_seventh_stream_of_an_agent_closes_the_oldest(
    app: Flask, screen: Open, happen: Happen, case: Case, ada: Agent
) -> None:
    cookie = cookie_of(app, ada)
    seven = [screen(ada, cookie) for _ in range(7)]
    assert seven[0].ended.wait(2)
    assert "retry: 20000" in seven[0].raw
    happen(case, "claimed")
    for open_one in seven[1:]:
        assert open_one.next("claimed", within_s=1)


def test_a_deactivated_agents_stream_ends_within_five_seconds(screen: Open, ada: Agent, kim: Agent) -> None:
    adas, kims = screen(ada), screen(kim)
    with transaction():
        ada.active = False
    assert adas.ended.wait(5)
    assert not kims.ended.is_set()


def test_signing_out_ends_the_stream_of_that_browser(screen: Open, app: Flask, ada: Agent) -> None:
    one = screen(ada)
    with transaction() as session:
        session.execute(text("delete from sign_ins"))
    other = screen(ada)
    assert one.ended.wait(5)
    assert not other.ended.is_set()
    assert db.session.query(SignIn).count() == 1


@pytest.mark.parametrize("path", ["/live", "/live/poll"])
def test_without_a_sign_in_nothing_is_told(app: Flask, path: str) -> None:
    assert app.test_client().get(path, headers={"Accept": "application/json"}).status_code == 403


def test_open_streams_hold_no_database_connection(screen: Open, case: Case, happen: Happen, kim: Agent) -> None:
    open_ones = [screen(kim) for _ in range(6)]
    happen(case, "claimed")
    for one in open_ones:
        one.next("claimed", within_s=1)
    busy = text("select count(*) from pg_stat_activity where state like 'idle in transaction%'")
    deadline = time.monotonic() + 3
    while db.session.connection().execute(busy).scalar_one() and time.monotonic() < deadline:
        db.session.rollback()
        time.sleep(0.1)
    assert db.session.connection().execute(busy).scalar_one() == 0


def test_polling_tells_the_same_as_the_stream(
    signed_in: Callable[[Agent], FlaskClient], happen: Happen, case: Case, ada: Agent
) -> None:
    browser = signed_in(ada)
    first = browser.get("/live/poll").get_json()
    assert first == {"events": [], "last": 0}
    event = happen(case, "claimed", by=ada)
    then = browser.get("/live/poll?after=0").get_json()
    assert then["last"] == event.id
    assert then["events"] == [
        {
            "id": event.id,
            "kind": "claimed",
            "number": case.number,
            "case": case.id,
            "queue": case.queue_id,
            "actor": ada.id,
        }
    ]


@pytest.mark.parametrize("after", ["x", "-1", "9" * 400, "١٢", "1 or 1=1", "\x00"])
def test_a_strange_last_event_id_is_taken_as_none(
    signed_in: Callable[[Agent], FlaskClient], ada: Agent, after: str
) -> None:
    assert signed_in(ada).get("/live/poll", query_string={"after": after}).status_code == 200


def test_with_valkey_gone_events_come_within_two_seconds_and_at_once_when_it_is_back(
    app: Flask, environment: dict[str, str], case: Case, happen: Happen, kim: Agent, tmp_path: Path
) -> None:
    first = start_valkey(tmp_path / "valkey")
    app.config["REDIS_URL"] = first.url
    app.extensions.pop("live_valkey", None)
    web = WebProcess({**environment, "REDIS_URL": first.url})
    try:
        kims = Screen(web.port, cookie_of(app, kim))
        happen(case, "claimed")
        assert kims.next("claimed", within_s=1)
        first.stop()
        started = time.monotonic()
        happen(case, "released")
        assert time.monotonic() - started < 1, "the act waited for Valkey"
        assert kims.next("released", within_s=2)
        second = start_valkey(tmp_path / "valkey", port=first.port)
        time.sleep(2.5)
        happen(case, "assigned")
        assert kims.next("assigned", within_s=1)
        kims.close()
        second.stop()
    finally:
        web.stop()
        app.extensions.pop("live_valkey", None)


def test_two_hundred_streams_in_one_process_all_hear_within_a_second_and_it_ends_quickly(
    app: Flask, environment: dict[str, str], case: Case, happen: Happen
) -> None:
    with transaction() as session:
        agents = [Agent(email=f"a{n}@desk.example", name=f"Agent {n}", role="agent") for n in range(40)]
        session.add_all(agents)
    web = WebProcess(environment)
    try:
        cookies = [cookie_of(app, agent) for agent in agents]
        screens = [Screen(web.port, cookie) for cookie in cookies for _ in range(5)]
        assert {one.status for one in screens} == {200}
        happen(case, "claimed")
        started = time.monotonic()
        for one in screens:
            one.next("claimed", within_s=max(0.01, 1 - (time.monotonic() - started)))
    finally:
        # gunicorn would wait 30 s for streams that do not end.
        assert web.stop() < 10
    assert all(one.ended.wait(1) for one in screens)


def test_a_process_keeps_threads_for_pages_and_sends_the_rest_to_polling(
    app: Flask, environment: dict[str, str], ada: Agent
) -> None:
    web = WebProcess(environment, WEB_THREADS="5")
    try:
        cookie = cookie_of(app, ada)
        screens = [Screen(web.port, cookie) for _ in range(5)]
        assert [one.status for one in screens] == [200, 200, 200, 200, 429]
        assert Screen(web.port, cookie, path="/health").status == 200
    finally:
        web.stop()
