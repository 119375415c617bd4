"""`flask agents`, `flask setup` and `flask queues`, as scripts use them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url, select

from helpdesk.accounts.models import Agent
from helpdesk.accounts.sign_in import sign_in
from helpdesk.core.db import db

GOOD = "four blue cables and a lamp"


def run(app: Flask, *words: str, text: str = ""):
    return app.test_cli_runner().invoke(args=words, input=text)


def test_agents_add_reads_the_password_from_standard_input_in_a_process_of_its_own(
    app: Flask, environment: dict[str, str], repository: Path
):
    words = ["agents", "add", "--email", "ada@desk.example", "--name", "Ada", "--role", "agent", "--password-stdin"]
    done = subprocess.run(
        [sys.executable, "-m", "flask", *words],
        input=GOOD + "\n",
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "Added Ada <ada@desk.example> as agent.\n"), done.stderr
    assert sign_in("ada@desk.example", GOOD, "192.0.2.1").name == "Ada"


AWAY = "postgresql+psycopg://desk@127.0.0.1:1/desk"
WITHOUT_TABLES = "template1"


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        (AWAY, "The database does not answer: "),
        (WITHOUT_TABLES, "The database has no tables yet, or old ones. Run this first: flask db upgrade"),
    ],
)
def test_a_database_that_is_away_or_empty_is_said_in_a_sentence(
    environment: dict[str, str], repository: Path, database: str, sentence: str
):
    url = make_url(environment["DATABASE_URL"]).set(database=database).render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "agents", "list"],
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PATH": "/usr/bin:/bin", **environment, "DATABASE_URL": AWAY if database == AWAY else url},
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {sentence}"), done.stderr


def test_agents_add_without_a_password_prints_a_link_to_choose_one(app: Flask):
    done = run(app, "agents", "add", "--email", "ada@desk.example", "--name", "Ada", "--role", "reader")
    assert done.exit_code == 0
    link = done.output.split()[-1]
    assert app.test_client().get(link.removeprefix("http://localhost")).status_code == 200


def test_what_cannot_be_added_is_said_in_a_sentence_with_exit_code_1(app: Flask, ada: Agent):
    add = ["agents", "add", "--name", "Ada", "--role", "agent", "--password-stdin", "--email"]
    taken = run(app, *add, "ada@desk.example", text=GOOD)
    assert (taken.exit_code, taken.output) == (1, "Error: A colleague with this address is here already.\n")
    weak = run(app, *add, "eva@desk.example", text="password\n")
    assert (weak.exit_code, "too easy to guess" in weak.output) == (1, True)
    empty = run(app, *add, "eva@desk.example", text="")
    assert (empty.exit_code, "at least 8" in empty.output) == (1, True)


def test_agents_list_prints_one_object_a_line(app: Flask, ada: Agent, boss: Agent):
    rows = [json.loads(line) for line in run(app, "agents", "list", "--json").output.splitlines()]
    assert rows == [
        {"email": "ada@desk.example", "name": "Ada", "role": "agent", "active": True},
        {"email": "berit@desk.example", "name": "Berit", "role": "admin", "active": True},
    ]
    assert run(app, "agents", "list").output.splitlines()[0].split() == ["email", "name", "role", "active"]


def test_agents_deactivate_shuts_out_and_refuses_the_last_admin(app: Flask, ada: Agent, boss: Agent):
    assert run(app, "agents", "deactivate", "Ada@desk.example").exit_code == 0
    db.session.expire_all()
    assert not db.session.execute(select(Agent.active).where(Agent.id == ada.id)).scalar_one()
    last = run(app, "agents", "deactivate", "berit@desk.example")
    assert (last.exit_code, "only active admin" in last.output) == (1, True)
    unknown = run(app, "agents", "deactivate", "eve@desk.example")
    assert (unknown.exit_code, "No colleague has this e-mail address" in unknown.output) == (1, True)


def test_agents_link_prints_nothing_but_the_link(app: Flask, ada: Agent):
    done = run(app, "agents", "link", "ada@desk.example")
    assert done.output.startswith("http://localhost/join/")
    assert len(done.output.split()) == 1


def test_setup_makes_the_first_queue_once_and_prints_a_link_until_there_is_an_admin(app: Flask):
    first = run(app, "setup")
    assert "support@desk.example" in first.output
    link = first.output.split()[-1]
    assert link.startswith("http://localhost/setup/")
    second = run(app, "setup")
    assert "support@desk.example" not in second.output
    assert second.output.split()[-1] not in ("", link)
    queues = [json.loads(line) for line in run(app, "queues", "list", "--json").output.splitlines()]
    assert queues == [{"name": "Support", "address": "support@desk.example"}]
    run(
        app,
        "agents",
        "add",
        "--email",
        "b@desk.example",
        "--name",
        "B",
        "--role",
        "admin",
        "--password-stdin",
        text=GOOD,
    )
    assert run(app, "setup").output == ""
