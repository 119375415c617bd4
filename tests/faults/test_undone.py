"""What the database undoes, a deadlock or a connection that breaks, is begun anew and done once (SAFETY, rule 9)."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.accounts.models import Agent
from helpdesk.cases.append import append
from helpdesk.cases.errors import CannotMerge
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.merge import merge
from helpdesk.cases.models import Case, CaseEvent, Message, Queue
from helpdesk.core.db import db, transaction
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.letters import letter

MORE = Incoming(text="It is worse now.", from_name="Solveig Dahl", from_address="solveig@fjordlys.example")


@contextmanager
def connection_killed(app: Flask, at: str, times: int = 1) -> Iterator[list[str]]:
    """The database ends our connection just before the next statement that begins so; gives the statements it met."""
    met: list[str] = []
    execute = psycopg.Cursor.execute

    def kill_first(cursor, statement, *rest, **options):
        if len(met) < times and str(statement).lstrip().lower().startswith(at):
            met.append(str(statement))
            _end_backend(app, cursor.connection.info.backend_pid)
        return execute(cursor, statement, *rest, **options)

    psycopg.Cursor.execute = kill_first  # type: ignore[method-assign]
    try:
        yield met
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def _end_backend(app: Flask, pid: int) -> None:
    with psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))


@pytest.fixture
def make_case(post_mail: Callable[..., InboundMail]) -> Callable[..., Case]:
    def make(subject: str = "Printer") -> Case:
        case_id = post_mail(letter(subject=subject)).case_id
        return db.session.get_one(Case, case_id)

    return make


def events_of(case: Case, kind: str) -> int:
    db.session.rollback()
    query = select(func.count()).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind)
    return db.session.scalar(query) or 0


def test_a_click_whose_connection_breaks_is_done_once(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], make_case: Callable[..., Case]
) -> None:
    case = make_case()
    browser = signed_in(ada)
    with connection_killed(app, "insert into case_events") as met:
        answered = browser.post(f"/cases/{case.number}/claim")
    assert met
    assert answered.status_code == 303
    assert events_of(case, "claimed") == 1
    db.session.refresh(case)
    assert case.owner_id == ada.id


def test_an_answer_with_a_file_whose_connection_breaks_keeps_its_words_and_its_file(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], make_case: Callable[..., Case]
) -> None:
    case = make_case()
    browser = signed_in(ada)
    form = {
        "then": "answer",
        "text": "Try the blue cable.",
        "to": "solveig@fjordlys.example",
        "seen": str(case.last_event_id),
        "files": (io.BytesIO(b"a manual"), "manual.txt"),
    }
    with connection_killed(app, "insert into outbound_mails") as met:
        answered = browser.post(f"/cases/{case.number}/write", data=form)
    assert met
    assert answered.status_code == 303, answered.text
    said = db.session.scalars(select(Message).where(Message.case_id == case.id, Message.direction == "out")).all()
    assert [(one.text, one.attachments[0].size) for one in said] == [("Try the blue cable.", 8)]


def test_a_page_whose_connection_breaks_is_shown_all_the_same(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], make_case: Callable[..., Case]
) -> None:
    case = make_case("The scanner sings")
    browser = signed_in(ada)
    with connection_killed(app, "select messages") as met:
        page = browser.get(f"/cases/{case.number}")
    assert met
    assert (page.status_code, "The scanner sings" in page.text) == (200, True)


def test_a_click_that_may_have_been_committed_is_not_done_again(
    app: Flask, ada: Agent, signed_in: Callable[[Agent], FlaskClient], make_case: Callable[..., Case]
) -> None:
    case = make_case()
    browser = signed_in(ada)

    def lose_the_answer(connection) -> None:
        # COMMIT reaches the server, and the line is gone before it says so.
        driver = connection.connection.driver_connection
        driver.execute("commit")
        driver.execute("select 1")
        _end_backend(app, driver.info.backend_pid)

    event.listen(db.engine, "commit", lose_the_answer, once=True)
    answered = browser.post(f"/cases/{case.number}/write", data={"then": "note", "text": "Mine.", "seen": "0"})
    assert answered.status_code == 503
    assert events_of(case, "noted") == 1


def test_a_mail_whose_reading_the_database_undoes_becomes_one_case_at_once(app: Flask, queue: Queue) -> None:
    row = receive(letter(), Delivery("pipe", queue))
    with connection_killed(app, "insert into messages", times=2) as met:
        read_mail(row.id)
    db.session.refresh(row)
    assert len(met) == 2
    assert (row.outcome, row.attempts, row.leased_until) == ("new_case", 1, None)
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_mail_that_the_database_undoes_for_long_is_given_back_and_no_attempt_is_counted(
    app: Flask, queue: Queue
) -> None:
    row = receive(letter(), Delivery("pipe", queue))
    with connection_killed(app, "insert into messages", times=10), pytest.raises(DBAPIError):
        read_mail(row.id)
    db.session.refresh(row)
    assert (row.outcome, row.attempts, row.leased_until) == (None, 0, None)
    read_mail(row.id)
    db.session.refresh(row)
    assert row.outcome == "new_case"


def at_once(app: Flask, *works: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread of its own; the errors they ended with."""
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        with app.app_context():
            try:
                work()
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


def test_of_two_that_wait_for_each_other_both_are_done(app: Flask, make_case: Callable[..., Case]) -> None:
    ids = [make_case("one").id, make_case("two").id]
    tries: list[str] = []
    both_hold_one = threading.Barrier(2)

    def change(name: str, first: int, second: int) -> Callable[[], None]:
        @over_again
        def work() -> None:
            tries.append(name)
            with transaction() as session:
                touch = "update cases set snippet = snippet || :name where id = :id"
                session.execute(text(touch), {"name": name, "id": first})
                if tries.count(name) == 1:
                    both_hold_one.wait(10)
                session.execute(text(touch), {"name": name, "id": second})

        return work

    assert at_once(app, change("A", *ids), change("B", *reversed(ids))) == []
    assert len(tries) == 3
    db.session.rollback()
    ends = db.session.scalars(select(func.right(Case.snippet, 2)))
    assert {frozenset(end) for end in ends} == {frozenset("AB")}


def test_a_reply_to_a_merged_case_waits_only_for_the_case_that_has_its_messages(
    app: Flask, ada: Agent, make_case: Callable[..., Case]
) -> None:
    older, newer = make_case("older"), make_case("newer")
    merge(newer, into=older, by=ada)
    with psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", "")) as other:
        # A second click on "merge" is just looking at the case that is merged already.
        other.execute("select 1 from cases where id = %s for update", (newer.id,))
        with transaction() as session:
            session.execute(text("set local lock_timeout = '1s'"))
            message = append(newer, MORE)
    assert message.case_id == older.id


def test_merging_twice_and_replying_at_once_never_end_in_a_circle(
    app: Flask, ada: Agent, make_case: Callable[..., Case]
) -> None:
    older, newer = make_case("older"), make_case("newer")
    merge(newer, into=older, by=ada)
    deadlocks = db.session.scalar(text("select deadlocks from pg_stat_database where datname = current_database()"))

    def merge_again() -> None:
        for _ in range(30):
            with pytest.raises(CannotMerge):
                merge(db.session.get_one(Case, newer.id), db.session.get_one(Case, older.id), ada)

    def reply() -> None:
        for _ in range(30):
            append(db.session.get_one(Case, newer.id), MORE)

    assert at_once(app, merge_again, reply, merge_again, reply) == []
    db.session.rollback()
    db.session.execute(text("select pg_stat_clear_snapshot()"))
    assert deadlocks == db.session.scalar(
        text("select deadlocks from pg_stat_database where datname = current_database()")
    )
