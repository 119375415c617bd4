"""Making a back-up, while the desk goes on.

A mail's bytes are durable before its row is, under their hash, and never change. So the database is dumped first, from
one snapshot, and then the files are copied that this snapshot's rows name: each row finds its bytes.
"""

import errno
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import Connection, text

from helpdesk.backup import manifest as manifests
from helpdesk.backup.errors import BackupRefused, NoRoom, ProgramFailed
from helpdesk.backup.manifest import DUMP, INDEX, Manifest, path_of, sha256_of
from helpdesk.backup.server import programs, server_major, tables_in
from helpdesk.blobs.folder import sync
from helpdesk.blobs.store import store
from helpdesk.core.db import db

Tell = Callable[[str, int, int | None], None]
"""How far a step is: its name, how much is done, and of how much, if that is known."""


def create(target: Path, tell: Tell) -> Manifest:
    """Make the back-up `target`, a folder that must not exist yet; it appears whole or not at all.

    What the store has lost is named in the manifest's `missing`. Raises BackupRefused: the place is taken, NoRoom,
    ProgramFailed.
    """
    if target.exists():
        raise BackupRefused(f"{target} exists already. A back-up is a new folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        made = _fill(unfinished, tell)
        os.rename(unfinished, target)
        sync(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(target.parent)
        raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return made


def _fill(folder: Path, tell: Tell) -> Manifest:
    with _snapshot() as (connection, snapshot):
        made_at: datetime = connection.execute(text("select now()")).scalar_one()
        revision: str = connection.execute(text("select version_num from alembic_version")).scalar_one()
        tell("Database", 0, None)
        _dump(folder / DUMP, snapshot)
        tables = {name: _rows(connection, name) for name in tables_in(connection)}
        files, files_bytes = _write_index(connection, folder / INDEX)
    # The disk belongs to the mail that comes in, first of all.
    if shutil.disk_usage(folder).free < files_bytes + current_app.config["FREE_DISK_MIN_BYTES"]:
        raise NoRoom(folder.parent)
    missing = _copy_files(folder, files_bytes, tell)
    # One call for a million files; each of them is on the disk before the manifest says so.
    os.sync()
    made = Manifest(
        made_at=made_at.isoformat(timespec="seconds"),
        revision=revision,
        postgres=server_major(),
        dump_size=(folder / DUMP).stat().st_size,
        dump_sha256=sha256_of(folder / DUMP),
        index_sha256=sha256_of(folder / INDEX),
        files=files,
        files_bytes=files_bytes,
        missing=missing,
        tables=tables,
        secrets=manifests.marks(current_app.config["SECRET_KEY"], current_app.config["SECRETS_KEYS"]),
    )
    manifests.write(folder, made)
    sync(folder)
    return made


@contextmanager
def _snapshot() -> Iterator[tuple[Connection, str]]:
    """The database as of one moment, for this connection and for pg_dump beside it."""
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("set transaction read only"))
        yield connection, connection.execute(text("select pg_export_snapshot()")).scalar_one()
        connection.rollback()


def _dump(path: Path, snapshot: str) -> None:
    with programs() as run:
        options = ["--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-privileges", f"--file={path}"]
        done = subprocess.run(run.command("pg_dump", *options), env=run.environment, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        if os.strerror(errno.ENOSPC) in said:
            raise NoRoom(path.parent.parent)
        raise ProgramFailed("pg_dump", said)
    path.chmod(0o600)
    sync(path)


def _rows(connection: Connection, table: str) -> int:
    quoted = connection.dialect.identifier_preparer.quote(table)
    return int(connection.execute(text(f"select count(*) from {quoted}")).scalar_one())  # noqa: S608


def _write_index(connection: Connection, path: Path) -> tuple[int, int]:
    """Write hash and size of every blob that the snapshot names, a line each; how many there are, and their bytes."""
    rows = connection.execution_options(yield_per=10_000).execute(
        text("select sha256, size from blobs order by sha256")
    )
    files = size = 0
    with path.open("w", encoding="ascii") as index:
        for row in rows:
            index.write(f"{row.sha256} {row.size}\n")
            files, size = files + 1, size + row.size
        index.flush()
        os.fsync(index.fileno())
    return files, size


def _copy_files(folder: Path, total: int, tell: Tell) -> list[str]:
    """Copy the files of the index out of the store; the hashes of those that it does not have whole."""
    missing, done = [], 0
    for sha256, size in index_of(folder):
        tell("Files", done, total)
        if not _copy(sha256, path_of(folder, sha256)):
            missing.append(sha256)
        done += size
    tell("Files", total, total)
    return missing


def _copy(sha256: str, path: Path) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with path.open("wb") as file:
            for chunk in store().chunks(sha256, manifests.CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except FileNotFoundError:
        path.unlink(missing_ok=True)
        return False
    if digest.hexdigest() != sha256:
        path.unlink()
        return False
    return True


def index_of(folder: Path) -> Iterator[tuple[str, int]]:
    """Hash and size of each file that the back-up's rows name."""
    with (folder / INDEX).open(encoding="ascii") as index:
        for line in index:
            sha256, _space, size = line.strip().partition(" ")
            yield sha256, int(size)
