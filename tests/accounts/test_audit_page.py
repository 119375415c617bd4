"""The audit trail: read by admins, changed by nobody."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from helpdesk.accounts.audit import note
from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.accounts.people import change_agent, deactivate
from helpdesk.accounts.wording import ACTION_WORDS, SUBJECT_WORDS
from helpdesk.core.db import db, transaction
from tests.house.sources import sources


@pytest.fixture
def admin(boss: Agent, signed_in: Callable[[Agent], FlaskClient]) -> FlaskClient:
    return signed_in(boss)


@pytest.mark.parametrize(
    "statement",
    [
        "truncate audit_log",
        "truncate agents cascade",
        "delete from audit_log",
        "update audit_log set action = 'nothing'",
    ],
)
def test_the_database_lets_nobody_change_the_trail(boss: Agent, statement: str):
    note(boss, "changed", "queue", 1)
    with pytest.raises(ProgrammingError, match="takes new rows only"), transaction() as session:
        session.execute(text(statement))
    assert db.session.scalars(select(AuditEntry.action)).all() == ["changed"]


def test_an_admin_reads_who_changed_what(admin: FlaskClient, boss: Agent, ada: Agent):
    change_agent(ada, name="Ada Berg", role="reader", language="en", by=boss)
    deactivate(ada, by=None)
    page = admin.get("/settings/changes").text
    assert "<del>Ada</del> → Ada Berg" in page
    assert "<del>agent</del> → reader" in page
    assert "deactivated" in page
    assert "command line or system" in page
    assert f'href="/settings/agents/{ada.id}"' in page


def test_the_trail_is_filtered_by_person_and_by_kind(admin: FlaskClient, boss: Agent, ada: Agent):
    note(boss, "changed", "queue", 11)
    note(ada, "changed", "mailbox", 22)
    note(None, "added", "queue", 33)

    def shown(query: str) -> set[int]:
        page = admin.get(f"/settings/changes?{query}").text.partition("<tbody>")[2]
        return {number for number in (11, 22, 33) if f" {number}</a>" in page}

    assert shown("") == {11, 22, 33}
    assert shown(f"person={ada.id}") == {22}
    assert shown("person=none") == {33}
    assert shown("subject=queue") == {11, 33}
    assert shown(f"person={boss.id}&subject=queue") == {11}
    assert shown("subject=mailbox&person=none") == set()
    assert shown("subject=nonsense&person=x") == {11, 22, 33}


def test_a_long_trail_is_read_page_by_page(admin: FlaskClient, boss: Agent):
    with transaction():
        for n in range(120):
            note(boss, "changed", "queue", 1000 + n)
    path, seen = "/settings/changes?subject=queue", []
    while path:
        page = admin.get(path).text
        rows = page.partition("<tbody>")[2]
        seen += [n for n in range(1119, 999, -1) if f" {n}</a>" in rows]
        before = page.partition("Older changes")[0]
        path = before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&") if "Older changes" in page else ""
    assert seen == list(range(1119, 999, -1))


def test_what_was_typed_stands_there_as_text(admin: FlaskClient, boss: Agent):
    note(boss, "changed", "queue", 1, {"name": ["<b>old</b>", "x" * 500], "confirms": [True, False], "more": {"a": 1}})
    page = admin.get("/settings/changes").text
    assert "<del>&lt;b&gt;old&lt;/b&gt;</del>" in page
    assert "x" * 201 not in page
    assert "<del>yes</del> → no" in page


def test_every_act_that_is_noted_has_its_words(repository: Path):
    """The action and the subject that stand in the code as plain words."""
    found = set()
    for _path, tree in sources(repository):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("note", "audit.note") and len(node.args) >= 4:
                words = [arg.value for arg in node.args[1:3] if isinstance(arg, ast.Constant)]
                found |= {word for word in words if word not in ACTION_WORDS and word not in SUBJECT_WORDS}
    assert found == set()
