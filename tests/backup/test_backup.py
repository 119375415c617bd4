"""A back-up is the desk of one moment, and brings it back whole or says why not."""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade
from sqlalchemy import text

from helpdesk.backup import manifest as manifests
from helpdesk.blobs.store import get, put
from helpdesk.cases.models import Case
from helpdesk.core.db import Base, db
from helpdesk.embedded.clients import client
from helpdesk.embedded.processes import EmbeddedError
from tests.backup.conftest import Place, fill, is_whole, mail_coming_in, names_of_files
from tests.servers import S3

MakePlace = Callable[..., Place]


def backed_up(desk: Place, folder: Path) -> Path:
    done = desk.run("create", folder)
    assert done.exit_code == 0, done.output
    return folder


def test_a_restored_desk_is_the_same_row_by_row_and_byte_by_byte(
    desk: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    folder, place = backed_up(desk, tmp_path / "backup"), make_place()
    done = place.run("restore", folder)
    assert done.exit_code == 0, done.output
    assert place.rows() == desk.rows()
    assert place.sequences() == desk.sequences()
    with desk.at_work():
        named = set(db.session.execute(text("select sha256 from blobs")).scalars())
    kept = place.files()
    assert set(kept) == named
    assert len(kept) >= 6
    assert kept == {name: data for name, data in desk.files().items() if name in named}
    with place.at_work(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_restored_desk_goes_on_and_can_be_backed_up_and_restored_again(
    desk: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    first, second = make_place(), make_place()
    first.run("restore", backed_up(desk, tmp_path / "one"))
    with first.at_work():
        newest = db.session.scalar(db.select(Case.number).order_by(Case.id.desc()))
        fill(1, first=50)
        assert db.session.scalar(db.select(Case.number).order_by(Case.id.desc())) == newest + 1
    second.run("restore", backed_up(first, tmp_path / "two"))
    assert second.rows() == first.rows()


def test_a_back_up_made_while_mail_comes_in_holds_every_file_that_it_names(
    desk: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    with mail_coming_in(desk.app) as came:
        folder = backed_up(desk, tmp_path / "backup")
    assert came, "no mail came in meanwhile"
    place = make_place()
    done = place.run("restore", folder)
    assert done.exit_code == 0, done.output
    with place.at_work():
        for sha256 in names_of_files():
            assert is_whole(sha256, get(sha256))
        whole = "select count(*) from inbound_mails where outcome = 'new_case' and case_id is null"
        assert db.session.scalar(text(whole)) == 0
    assert {name: len(rows) for name, rows in place.rows().items()} == manifests.read(folder).tables


def test_a_back_up_says_what_it_has_and_that_the_keys_are_not_in_it(
    desk: Place, environment: dict[str, str], tmp_path: Path
) -> None:
    done = desk.run("create", tmp_path / "backup")
    assert "3 cases, " in done.output
    assert "The keys are not in it." in done.output
    for path in (tmp_path / "backup").rglob("*"):
        if path.is_file():
            assert environment["SECRET_KEY"].encode() not in path.read_bytes()
            assert environment["SECRETS_KEYS"].encode() not in path.read_bytes()
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert desk.run("check", tmp_path / "backup").exit_code == 0


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def a_file(folder: Path) -> Path:
    return min(path for path in (folder / "files").rglob("*") if path.is_file())


DAMAGE: dict[str, Callable[[Path], None]] = {
    "a dump cut short": lambda folder: cut(folder / "desk.dump"),
    "a flipped bit in the dump": lambda folder: flip(folder / "desk.dump"),
    "a file cut short": lambda folder: cut(a_file(folder)),
    "a flipped bit in a file": lambda folder: flip(a_file(folder)),
    "a file that is gone": lambda folder: a_file(folder).unlink(),
    "a list of files cut short": lambda folder: cut(folder / "files.txt"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a flipped bit in the manifest": lambda folder: flip(folder / "manifest.json"),
    "a manifest cut short": lambda folder: cut(folder / "manifest.json"),
    "nothing at all": lambda folder: shutil.rmtree(folder),
}


def test_a_damaged_back_up_is_refused_before_anything_is_touched(
    desk: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    whole, place = backed_up(desk, tmp_path / "whole"), make_place()
    for what, damage in DAMAGE.items():
        folder = tmp_path / "damaged"
        shutil.copytree(whole, folder)
        damage(folder)
        done = place.run("restore", folder, "--yes")
        assert done.exit_code == 1, what
        assert "Nothing was changed." in done.output, what
        assert (place.rows(), place.files()) == ({}, {}), what
        shutil.rmtree(folder, ignore_errors=True)


def test_living_data_is_replaced_only_after_a_yes(desk: Place, make_place: MakePlace, tmp_path: Path) -> None:
    old = backed_up(desk, tmp_path / "old")
    then = desk.rows()
    fill(1, first=70)
    now = desk.rows()
    refused = desk.run("restore", old)
    assert refused.exit_code == 1
    assert "This database has 4 cases" in refused.output
    assert desk.rows() == now
    done = desk.run("restore", old, "--yes")
    assert done.exit_code == 0, done.output
    assert desk.rows() == then


@pytest.mark.parametrize(("typed", "code"), [("y", 1), ("", 1), ("yes", 0)])
def test_a_person_is_asked_and_types_it(
    desk: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _stdin: True)
    old = backed_up(desk, tmp_path / "old")
    fill(1, first=70)
    done = desk.run("restore", old, typed=f"{typed}\n")
    assert 'Type "yes" to replace it' in done.output
    assert done.exit_code == code, done.output
    assert len(desk.rows()["cases"]) == (3 if code == 0 else 4)


def test_a_running_desk_is_cut_off_and_goes_on_with_the_restored_data(desk: Place, tmp_path: Path) -> None:
    old = backed_up(desk, tmp_path / "old")
    fill(1, first=70)
    with desk.at_work():
        busy = db.engine.connect()
        busy.execute(text("select * from cases for update"))
        done = desk.run("restore", old, "--yes")
        assert done.exit_code == 0, done.output
        busy.invalidate()
        busy.close()
        assert db.session.scalar(text("select count(*) from cases")) == 3
        fill(1, first=80)


def test_a_back_up_of_a_newer_version_is_refused(desk: Place, make_place: MakePlace, tmp_path: Path) -> None:
    folder, place = backed_up(desk, tmp_path / "backup"), make_place()
    newer = dataclasses.replace(manifests.read(folder), revision="9999")
    (folder / "manifest.json").unlink()
    manifests.write(folder, newer)
    done = place.run("restore", folder)
    assert done.exit_code == 1
    assert "from a newer version" in done.output
    assert (place.rows(), place.files()) == ({}, {})


def test_a_back_up_of_an_older_version_is_brought_up_to_date(make_place: MakePlace, tmp_path: Path) -> None:
    old, place = make_place(), make_place()
    with old.at_work():
        upgrade(revision="0006")
        db.session.execute(text("insert into queues (name, slug, address) values ('Old', 'old', 'old@desk.example')"))
        db.session.commit()
    done = place.run("restore", backed_up(old, tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    with place.at_work():
        assert db.session.scalar(text("select version_num from alembic_version")) == head(place)
        assert db.session.scalar(text("select name from queues")) == "Old"


def head(place: Place) -> str:
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(place.app.extensions["migrate"].migrate.get_config()).get_current_head())


def test_a_database_with_other_peoples_tables_is_left_alone(desk: Place, make_place: MakePlace, tmp_path: Path) -> None:
    folder, place = backed_up(desk, tmp_path / "backup"), make_place()
    with place.at_work():
        db.session.execute(text("create table wages (sum int)"))
        db.session.commit()
    done = place.run("restore", folder, "--yes")
    assert done.exit_code == 1
    assert "wages" in done.output
    assert set(place.rows()) == {"wages"}


def test_a_file_that_the_store_has_lost_is_named_and_the_rest_is_kept(
    desk: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    lost = sorted(names_of_files())[0]
    next(desk.blobs.rglob(lost)).unlink()
    done = desk.run("create", tmp_path / "backup")
    assert done.exit_code == 3
    assert lost in done.output
    place = make_place()
    restored = place.run("restore", tmp_path / "backup")
    assert restored.exit_code == 0
    assert "1 files were lost before" in restored.output
    assert lost not in place.files()
    assert place.rows() == desk.rows()


def test_files_go_from_a_folder_into_a_bucket_and_back(
    desk: Place, make_place: MakePlace, s3: S3, tmp_path: Path
) -> None:
    keys = {"BLOB_ACCESS_KEY": s3.access_key, "BLOB_SECRET_KEY": s3.secret_key}
    bucket = make_place(BLOB_URL=f"s3://files/restored?endpoint={s3.url}", **keys)
    folder = make_place()
    assert bucket.run("restore", backed_up(desk, tmp_path / "one")).exit_code == 0
    assert folder.run("restore", backed_up(bucket, tmp_path / "two")).exit_code == 0
    assert folder.rows() == desk.rows()
    assert folder.files() == {name: data for name, data in desk.files().items() if name in folder.files()}
    assert len(folder.files()) >= 6


def test_a_server_newer_than_every_program_here_is_told_by_name() -> None:
    with pytest.raises(EmbeddedError, match="Install the PostgreSQL 99 client"):
        client("pg_dump", 99)


def test_a_database_that_refuses_the_restore_keeps_what_it_had(desk: Place, tmp_path: Path) -> None:
    """Half-way through: the dump is whole, and its counts are not what the manifest says."""
    folder = backed_up(desk, tmp_path / "backup")
    made = manifests.read(folder)
    (folder / "manifest.json").unlink()
    manifests.write(folder, dataclasses.replace(made, tables={**made.tables, "cases": 7}))
    before = desk.rows()
    done = desk.run("restore", folder, "--yes")
    assert done.exit_code == 1
    assert "the table cases has lost rows" in done.output
    assert "What was there before is unchanged." in done.output
    assert desk.rows() == before


def test_a_back_up_never_takes_a_folder_that_is_there(desk: Place, tmp_path: Path) -> None:
    folder = backed_up(desk, tmp_path / "backup")
    before = (folder / "manifest.json").read_bytes()
    done = desk.run("create", folder)
    assert (done.exit_code, (folder / "manifest.json").read_bytes()) == (1, before)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(("files", "reserve"), [(0, 0), (15, 0), (0, 10**15)])
def test_a_full_disk_is_said_and_leaves_no_half_back_up(
    desk: Place, small_disk: Path, files: int, reserve: int
) -> None:
    """It ends while the database is dumped, while files are copied, or before that, for the sake of incoming mail."""
    for _file in range(files):
        put(os.urandom(20_000))
    desk.app.config["FREE_DISK_MIN_BYTES"] = reserve
    if not reserve and not files:
        (small_disk / "others").write_bytes(b"x" * 190_000)
    done = desk.run("create", small_disk / "backup")
    assert done.exit_code == 1
    assert "There is not enough free space" in done.output
    assert [path.name for path in small_disk.iterdir() if path.name != "others"] == []
