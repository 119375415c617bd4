"""Bringing a back-up back: the files first, then the database in one transaction, whole or not at all."""

import hashlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import text

from helpdesk.backup import manifest as manifests
from helpdesk.backup.create import Tell, index_of
from helpdesk.backup.errors import BackupRefused, ProgramFailed
from helpdesk.backup.manifest import CHUNK, DUMP, Manifest, path_of
from helpdesk.backup.server import programs, tables_in
from helpdesk.blobs.store import store
from helpdesk.core.db import Base, db

LIVING = ("cases", "customers", "inbound_mails", "agents")
"""Tables in which a row means that somebody works here. A new desk has only a queue."""
TRIES, PAUSE_S = 5, 1.0
LOCKED_OUT = ("55P03", "40P01")
"""lock_not_available and deadlock_detected: somebody was in the database just then."""
BEGIN = """
\\set ON_ERROR_STOP on
\\set VERBOSITY verbose
begin;
set local lock_timeout = '10s';
set local client_min_messages = error;
select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
    and backend_type = 'client backend';
drop schema public cascade;
create schema public;
"""
COUNTED = """
do $$ begin if (select count(*) from public.{table}) <> {rows} then
    raise exception 'the table {table} has lost rows'; end if; end $$;
"""


@dataclass(frozen=True)
class Restored:
    """What a person wants to know after a restore."""

    manifest: Manifest
    waiting_letters: int
    """Mails that had not left when the back-up was made; they may have left since, and leave again."""
    other_keys: list[str]
    """Settings whose keys are not those of the time of the back-up."""


def living() -> dict[str, int]:
    """How many rows the tables have that hold somebody's work, for those that have any."""
    with db.engine.connect() as connection:
        there = [name for name in LIVING if name in tables_in(connection)]
        rows = {name: connection.execute(text(f"select count(*) from {name}")).scalar_one() for name in there}  # noqa: S608
    return {name: count for name, count in rows.items() if count}


def refuse_what_cannot_be(manifest: Manifest) -> None:
    """Raise BackupRefused for a back-up of a newer version, and for a database that others keep tables in too."""
    scripts = _scripts()
    try:
        known = scripts.get_revision(manifest.revision)
    except CommandError:
        known = None
    if known is None:
        raise BackupRefused(
            f"The back-up is from a newer version of the helpdesk (its tables are at {manifest.revision}, this version "
            f"knows up to {scripts.get_current_head()}). Update first. Nothing was changed."
        )
    with db.engine.connect() as connection:
        ours = {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"} | set(manifest.tables)
        foreign = [name for name in tables_in(connection) if name not in ours]
    if foreign:
        raise BackupRefused(
            f"The database also has tables that are not the desk's: {', '.join(foreign[:5])}. "
            "Give the desk a database of its own. Nothing was changed."
        )


def restore(folder: Path, manifest: Manifest, tell: Tell) -> Restored:
    """Replace everything with a back-up that check() found whole. Raises BackupRefused; the old data is there then.

    Connections of a running desk are cut; it goes on with the restored data. An older back-up is brought up to date.
    """
    _put_files(folder, manifest, tell)
    tell("Database", 0, None)
    db.session.remove()
    db.engine.dispose()
    try:
        _replace_patiently(folder, manifest)
    finally:
        # Our own connections were cut too.
        db.engine.dispose()
    if manifest.revision != _scripts().get_current_head():
        tell("Bringing the tables up to date", 0, None)
        upgrade()
    return Restored(manifest, _waiting_letters(), _other_keys(manifest))


def _put_files(folder: Path, manifest: Manifest, tell: Tell) -> None:
    lost, done = set(manifest.missing), 0
    for sha256, size in index_of(folder):
        tell("Files", done, manifest.files_bytes)
        done += size
        if sha256 in lost:
            continue
        store().write(sha256, path_of(folder, sha256).read_bytes())
        if hashlib.sha256(store().read(sha256)).hexdigest() != sha256:
            raise BackupRefused(f"The store has a damaged file {sha256}. Remove it there, and restore again.")
    tell("Files", manifest.files_bytes, manifest.files_bytes)


def _replace_patiently(folder: Path, manifest: Manifest) -> None:
    for tried in range(1, TRIES + 1):
        said = _replace_database(folder, manifest)
        if said is None:
            return
        if tried == TRIES or not any(state in said for state in LOCKED_OUT):
            raise ProgramFailed("psql", said)
        time.sleep(PAUSE_S)


def _replace_database(folder: Path, manifest: Manifest) -> str | None:
    """Fill the database from the dump in one transaction; what psql said, if it did not succeed."""
    with programs() as run:
        psql = subprocess.Popen(
            run.command("psql", "--no-psqlrc", "--quiet"),
            env=run.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        reader = subprocess.Popen(
            run.local("pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(folder / DUMP)),
            env=run.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert psql.stdin is not None
        assert reader.stdout is not None
        with psql.stdin as into:
            whole = _feed(into, reader, manifest)
        said = psql.stderr.read().decode(errors="replace") if psql.stderr else ""
        trouble = reader.stderr.read().decode(errors="replace") if reader.stderr else ""
        psql.wait()
        reader.wait()
    if psql.returncode:
        return said or "it ended"
    return None if whole else trouble or "pg_restore ended"


def _feed(into: IO[bytes], reader: subprocess.Popen[bytes], manifest: Manifest) -> bool:
    """Everything up to the commit, which is said only once the whole dump was read. False: nothing is committed."""
    assert reader.stdout is not None
    try:
        into.write(BEGIN.encode())
        for chunk in iter(lambda: reader.stdout.read(CHUNK) if reader.stdout else b"", b""):
            into.write(chunk)
        if reader.wait():
            return False
        for statement in _counted(manifest):
            into.write(statement.encode())
        into.write(b"commit;\n")
    except BrokenPipeError:
        reader.kill()
        return False
    return True


def _counted(manifest: Manifest) -> Iterator[str]:
    for table, rows in manifest.tables.items():
        yield COUNTED.format(table=table, rows=int(rows))


def _waiting_letters() -> int:
    with db.engine.connect() as connection:
        query = "select count(*) from outbound_mails where state in ('queued','sending','delayed','uncertain')"
        return int(connection.execute(text(query)).scalar_one())


def _other_keys(manifest: Manifest) -> list[str]:
    settings = current_app.config
    ours = manifests.marks(settings["SECRET_KEY"], settings["SECRETS_KEYS"])
    return [name for name, marks in manifest.secrets.items() if not set(marks) & set(ours.get(name, []))]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
