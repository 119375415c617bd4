"""Colleagues: added, changed, deactivated; each change in the audit trail."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from helpdesk.accounts import audit
from helpdesk.accounts.errors import HelpdeskError, LastAdmin
from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.accounts.people import add_agent, change_agent, deactivate, link_for, reactivate
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from tests.conftest import make_agent


def trail() -> list[tuple]:
    found = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.actor_id, entry.action, entry.subject, entry.subject_id, entry.change) for entry in found]


def test_each_change_of_a_colleague_writes_exactly_one_row(app: Flask, boss: Agent):
    ada = add_agent("Ada@Desk.Example", " Ada ", "agent", by=boss)
    change_agent(ada, name="Ada Berg", role="reader", language="nb", by=boss)
    change_agent(ada, name="Ada Berg", role="reader", language="nb", by=boss)
    deactivate(ada, by=boss)
    deactivate(ada, by=boss)
    reactivate(ada, by=boss)
    link_for(ada, by=boss)
    change = {"name": ["Ada", "Ada Berg"], "role": ["agent", "reader"], "language": ["en", "nb"]}
    assert trail() == [
        (boss.id, "added", "agent", ada.id, {"email": "ada@desk.example", "name": "Ada", "role": "agent"}),
        (boss.id, "changed", "agent", ada.id, change),
        (boss.id, "deactivated", "agent", ada.id, {}),
        (boss.id, "reactivated", "agent", ada.id, {}),
        (boss.id, "made a link for", "agent", ada.id, {"purpose": "invitation"}),
    ]


@pytest.mark.parametrize("statement", ["update audit_log set action = 'x'", "delete from audit_log"])
def test_the_database_lets_nobody_change_the_audit_trail(app: Flask, boss: Agent, statement: str):
    audit.note(boss, "looked", "agent", boss.id)
    with pytest.raises(ProgrammingError, match="new rows only"), transaction() as session:
        session.execute(text(statement))
    assert len(trail()) == 1


def test_what_is_rolled_back_leaves_no_row_of_audit(app: Flask, boss: Agent):
    def look_and_fail() -> None:
        with transaction():
            audit.note(boss, "looked", "agent", boss.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look_and_fail()
    assert trail() == []


def test_the_last_active_admin_can_be_neither_deactivated_nor_made_something_else(app: Flask, boss: Agent, ada: Agent):
    gone = make_agent("Gone", "admin")
    deactivate(gone, by=boss)
    with pytest.raises(LastAdmin):
        deactivate(boss, by=boss)
    with pytest.raises(LastAdmin):
        change_agent(boss, name=boss.name, role="agent", language="en", by=boss)
    change_agent(ada, name=ada.name, role="admin", language="en", by=boss)
    deactivate(boss, by=ada)
    assert not boss.active


def test_two_admins_cannot_deactivate_each_other_at_once(app: Flask, boss: Agent):
    other = make_agent("Other", "admin")
    pairs, outcomes, start = [(boss.id, other.id), (other.id, boss.id)], [], threading.Barrier(2)

    def shut_out(who: int, by: int) -> None:
        with app.app_context():
            start.wait()
            try:
                deactivate(db.session.get_one(Agent, who), by=db.session.get_one(Agent, by))
                outcomes.append("out")
            except LastAdmin:
                outcomes.append("refused")

    threads = [threading.Thread(target=shut_out, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["out", "refused"]


@pytest.mark.parametrize(
    ("email", "name", "role", "field"),
    [
        ("no address", "Ada", "agent", "email"),
        ("a@b@c", "Ada", "agent", "email"),
        ("", "Ada", "agent", "email"),
        ("ada@desk.example\nBcc: x@y.example", "Ada", "agent", "email"),
        ("kim@desk.example", "Kim", "agent", "email"),
        ("ada@desk.example", "  ", "agent", "name"),
        ("ada@desk.example", "A" * 201, "agent", "name"),
        ("ada@desk.example", "Ada", "owner", "role"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(
    app: Flask, kim: Agent, email: str, name: str, role: str, field: str
):
    with pytest.raises(InvalidInput) as refused:
        add_agent(email, name, role)
    assert list(refused.value.fields) == [field]


def test_a_deactivated_colleague_gets_no_link(app: Flask, ada: Agent, boss: Agent):
    deactivate(ada, by=boss)
    with pytest.raises(HelpdeskError, match="deactivated"):
        link_for(ada, by=boss)
