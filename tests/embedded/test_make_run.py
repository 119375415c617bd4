"""`python -m helpdesk.embedded run`, as `make run` calls it: started, wounded, killed, ended.

One desk lives through the first part of this file, since a start costs seconds: each test leaves it open, but for the
last of them, which ends it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from helpdesk.embedded.groups import end_leftovers, remember
from helpdesk.embedded.processes import EmbeddedError, fingerprint
from helpdesk.embedded.running import kept_secrets, running_services

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(check: Callable[[], object], *, within_s: float = PATIENCE_S) -> object:
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, f"not so within {within_s:.0f} s"
        time.sleep(0.1)
    return found


class Desk:
    """A desk under the supervisor, with its data in a folder of its own and free ports."""

    def __init__(self, folder: Path, command: str = "run", **settings: str) -> None:
        self.command = command
        self.var_dir = folder / "var"
        self.log = folder / "desk.log"
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ports = {name: str(free_port()) for name in ("WEB_PORT", "SMTP_DOOR_PORT", "LMTP_DOOR_PORT")}
        self.environment |= {"VAR_DIR": str(self.var_dir), "WEB_THREADS": "8", **ports, **settings}
        self.log.touch()
        self.process = self.begin()

    def begin(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "helpdesk.embedded", self.command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> "Desk":
        """Again, after an end."""
        self.process = self.begin()
        return self

    def said(self) -> str:
        return self.log.read_text()

    def wait_until_open(self, times: int = 1) -> "Desk":
        def is_open() -> bool:
            assert self.process.poll() is None, self.said()
            return self.said().count("The desk is open") >= times

        eventually(is_open)
        return self

    def flask(self, *command: str) -> str:
        """What a command prints that knows nothing but the folder."""
        environment = {**self.environment, "FLASK_APP": "wsgi"}
        done = subprocess.run([sys.executable, "-m", "flask", *command], cwd=ROOT, env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def pid_of(self, words: str) -> int:
        """The process that the supervisor itself started with these words in its command."""
        found = [one for one in psutil.Process(self.process.pid).children() if words in " ".join(one.cmdline())]
        assert len(found) == 1, found
        return found[0].pid

    def services(self) -> dict[str, str]:
        found = running_services(self.var_dir)
        assert found is not None
        return found

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk of this file."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    try:
        yield desk.wait_until_open()
    finally:
        desk.clean_up()


def postgres(desk: Desk) -> psycopg.Connection:
    return psycopg.connect(desk.services()["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


def test_the_first_start_gives_the_address_and_a_link_for_the_first_admin(desk):
    assert f"The desk is open: http://localhost:{desk.environment['WEB_PORT']}" in desk.said()
    assert re.search(r"first admin here .* http://localhost:\d+/setup/\S{32,}", desk.said())


def test_every_program_of_the_desk_runs(desk):
    commands = [" ".join(child.cmdline()) for child in desk.children()]
    for words in ("gunicorn wsgi:app", "workers.app worker", "workers.app beat", "flask mail serve", "valkey-server"):
        assert any(words in command for command in commands), words


def test_a_flask_command_beside_it_finds_its_database_by_itself(desk):
    rows = [json.loads(line) for line in desk.flask("queues", "list", "--json").splitlines()]
    assert [row["address"] for row in rows] == ["support@localhost.localdomain"]


def test_addresses_and_secrets_are_for_the_owner_alone(desk):
    for name in ("services.json", "secrets.json", "run.json"):
        assert (desk.var_dir / name).stat().st_mode & 0o777 == 0o600


def test_a_second_start_in_the_same_folder_says_where_the_first_one_is(desk):
    second = desk.begin()
    assert second.wait(30) == 1
    assert f"already runs in this folder, at http://localhost:{desk.environment['WEB_PORT']}" in desk.said()
    assert "Traceback" not in desk.said()


def test_a_program_that_dies_is_started_again(desk):
    old = desk.pid_of("flask mail serve")
    os.kill(old, signal.SIGKILL)
    eventually(lambda: "starts again in" in desk.said())
    door = int(desk.environment["SMTP_DOOR_PORT"])
    eventually(lambda: takes_connections(door))
    assert desk.pid_of("flask mail serve") != old


def test_a_broker_that_dies_is_back_at_the_same_address(desk):
    url = desk.services()["REDIS_URL"]
    os.kill(desk.pid_of("valkey-server"), signal.SIGKILL)
    eventually(lambda: "Valkey ended; starting it again" in desk.said())

    def answers() -> bool:
        try:
            return redis.Redis.from_url(url).ping()
        except redis.ConnectionError:
            return False

    assert eventually(answers)
    assert desk.process.poll() is None


def test_a_database_that_dies_is_back_at_the_same_address_with_its_data(desk):
    with postgres(desk) as connection:
        before = connection.execute("select count(*) from queues").fetchone()
    os.kill(desk.pid_of("postgres -D"), signal.SIGKILL)
    eventually(lambda: "PostgreSQL ended; starting it again" in desk.said())

    def after() -> object:
        try:
            with postgres(desk) as connection:
                return connection.execute("select count(*) from queues").fetchone()
        except psycopg.OperationalError:
            return None

    assert eventually(after) == before


def test_after_kill_9_nothing_is_left_and_the_next_start_has_the_data(desk):
    with postgres(desk) as connection:
        connection.execute("create table kept as select 42 as answer")
    secrets, children = kept_secrets(desk.var_dir), desk.children()
    desk.process.kill()
    desk.process.wait()

    desk.start().wait_until_open(times=desk.said().count("The desk is open") + 1)

    assert [child for child in children if child.is_running()] == []
    assert kept_secrets(desk.var_dir) == secrets
    with postgres(desk) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_ctrl_c_ends_everything_within_ten_seconds(desk):
    children = desk.children()
    assert len(children) > 5
    began = time.monotonic()
    desk.process.send_signal(signal.SIGINT)
    desk.process.wait(30)
    assert time.monotonic() - began < 10
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert running_services(desk.var_dir) is None
    assert not (desk.var_dir / "services.json").exists()


def refused(tmp_path: Path, command: str = "run", **settings: str) -> str:
    """What a start says that must refuse."""
    desk = Desk(tmp_path, command, **settings)
    assert desk.process.wait(60) == 1
    assert "Traceback" not in desk.said()
    return desk.said()


@pytest.mark.parametrize("name", ["WEB_PORT", "SMTP_DOOR_PORT", "LMTP_DOOR_PORT"])
def test_a_port_in_use_is_named_with_its_setting(tmp_path, name):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(tmp_path, **{name: str(port)})
    assert f"Port {port} ({name}) is in use by another program" in said
    assert not (tmp_path / "var" / "postgres").exists()


def test_a_port_that_is_no_number_is_refused_in_a_sentence(tmp_path):
    assert "WEB_PORT='eighty' cannot be read" in refused(tmp_path, WEB_PORT="eighty")
    assert "WEB_PORT=123456 is no port" in refused(tmp_path, WEB_PORT="123456")


def test_the_demo_is_not_poured_into_a_desk_of_ones_own(tmp_path):
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    assert "Keep the demo apart: VAR_DIR=var-demo make demo" in refused(tmp_path, "demo")
    assert list((tmp_path / "var" / "postgres").iterdir()) == []


def test_a_database_of_ones_own_that_does_not_answer_is_said_without_a_traceback(tmp_path):
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    said = refused(tmp_path, DATABASE_URL=url)
    assert "connection failed" in said or "Connection refused" in said
    assert not (tmp_path / "var" / "postgres").exists()


def test_secrets_that_cannot_be_read_stop_the_start_and_are_not_overwritten(tmp_path):
    (tmp_path / "secrets.json").write_text('{"SECRET_KEY": "half')
    with pytest.raises(EmbeddedError, match="Bring it back from a back-up"):
        kept_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == '{"SECRET_KEY": "half'


def test_a_desk_that_is_gone_offers_nothing(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    mark = fingerprint(gone.pid)
    gone.wait()
    services = {"pid": gone.pid, "fingerprint": mark, "settings": {"DATABASE_URL": "x"}}
    (tmp_path / "services.json").write_text(json.dumps(services))
    assert running_services(tmp_path) is None
    # Somebody else's process that got the number.
    (tmp_path / "services.json").write_text(json.dumps({**services, "pid": os.getpid()}))
    assert running_services(tmp_path) is None


LEADER = """
import subprocess, sys
quiet = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
print(subprocess.Popen(["sleep", "300"], **quiet).pid, flush=True)
sys.stdin.read()
"""


def test_leftovers_are_ended_although_their_leader_is_dead(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", LEADER], **pipes, start_new_session=True) as leader:
        orphan = psutil.Process(int(leader.stdout.readline()))
        remember(tmp_path / "run.json", [leader.pid])
    assert orphan.status() == psutil.STATUS_SLEEPING
    end_leftovers(tmp_path / "run.json", (signal.SIGTERM, 3.0))
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_a_number_of_ours_is_left_alone(tmp_path):
    stranger = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        (tmp_path / "run.json").write_text(json.dumps([[stranger.pid, "another-boot:123"]]))
        end_leftovers(tmp_path / "run.json")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
