"""No migration after the first version stops a desk at work: squawk reads the SQL of each."""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade

FIRST_VERSION = "0007"
"""Up to here a desk is made, and nobody is at work in it."""
WHOLE_TABLE = re.compile(r"^\s*(update|delete\s+from)\s+(?!alembic_version\b)(\S+)", re.IGNORECASE | re.MULTILINE)


def complaints(sql: str, repository: Path) -> list[str]:
    """What is wrong with the SQL of a migration: the rules that it breaks."""
    done = subprocess.run(
        [Path(sys.executable).parent / "squawk", "--config", repository / ".squawk.toml", "--reporter", "json"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [f"{each['rule_name']}: {each['message']}" for each in json.loads(done.stdout or "[]")]
    # One UPDATE of a large table holds its rows, and the dead ones stay: a task does it in batches.
    found += [f"whole-table: {verb} {table}" for verb, table in WHOLE_TABLE.findall(sql)]
    return found


def sql_of(app: Flask, folder: Path, since: str, until: str) -> str:
    """What `flask db upgrade --sql` prints."""
    printed = io.StringIO()
    with app.app_context(), contextlib.redirect_stdout(printed):
        upgrade(directory=str(folder), revision=f"{since}:{until}", sql=True)
    return printed.getvalue()


def test_the_projects_migrations_stop_nobody(session_app: Flask, repository: Path, head: str) -> None:
    sql = sql_of(session_app, repository / "migrations", FIRST_VERSION, head)
    assert complaints(sql, repository) == []


def test_the_examples_of_migrations_stop_nobody(
    session_app: Flask, repository: Path, next_version: Path, head: str
) -> None:
    sql = sql_of(session_app, next_version, head, "n006")
    assert "CREATE INDEX CONCURRENTLY" in sql
    assert "set lock_timeout" in sql
    assert complaints(sql, repository) == []


BAD = {
    "adding-required-field": "alter table cases add column colour text not null",
    "require-concurrent-index-creation": "create index ix on cases (subject)",
    "require-concurrent-index-deletion": "drop index ix_cases_owner_id",
    "ban-drop-column": "alter table cases drop column subject",
    "ban-drop-table": "drop table cases",
    "renaming-column": "alter table cases rename column subject to title",
    "renaming-table": "alter table cases rename to tickets",
    "changing-column-type": "alter table cases alter column subject type varchar(10)",
    "adding-not-nullable-field": "alter table cases alter column owner_id set not null",
    "constraint-missing-not-valid": "alter table cases add constraint c check (number > 0)",
    "adding-foreign-key-constraint": "alter table cases add constraint f foreign key (owner_id) references agents (id)",
    "disallowed-unique-constraint": "alter table cases add constraint u unique (subject)",
    "whole-table": "update cases set subject = ''",
}


@pytest.mark.parametrize("rule", BAD)
def test_a_migration_that_stops_the_desk_is_refused(
    session_app: Flask, repository: Path, next_version: Path, tmp_path: Path, rule: str
) -> None:
    """Planted among the real ones, as somebody would write it: the check can fail."""
    folder = tmp_path / "migrations"
    shutil.copytree(next_version, folder)
    (folder / "versions" / "bad.py").write_text(
        "from alembic import op\nrevision, down_revision = 'bad', 'n006'\n"
        f"def upgrade():\n    op.execute({BAD[rule]!r})\n"
    )
    found = complaints(sql_of(session_app, folder, "n006", "bad"), repository)
    assert rule in [one.partition(":")[0] for one in found]


def test_a_migration_after_the_first_version_does_one_thing(repository: Path, head: str) -> None:
    """An index that is built beside the desk is its own transaction, and half a migration would stay behind it."""
    scripts = ScriptDirectory(str(repository / "migrations"))
    mixed = []
    for script in scripts.iterate_revisions(head, FIRST_VERSION):
        source = Path(script.path).read_text().partition("def downgrade")[0]
        steps = len(re.findall(r"^    (?:op\.\w+|add_index|remove_index)\(", source, re.MULTILINE))
        if re.search(r"\b(add|remove)_index\(", source) and steps > 1:
            mixed.append(script.revision)
    assert mixed == []
