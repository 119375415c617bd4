"""The whole desk as its own processes, over the test's database: web, worker, beat and mail door."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).parent.parent
READY_WITHIN_S = 40


@dataclass
class Stack:
    """The running desk: where it is, and its processes by name."""

    environment: dict[str, str]
    web_url: str
    smtp_port: int
    lmtp_port: int
    log_dir: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        """Start a process of the desk under its name, in a group of its own."""
        log = (self.log_dir / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self, name: str, sign: signal.Signals = signal.SIGTERM) -> None:
        """End a process and all it started, and wait for it."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)

    def logs(self) -> str:
        """The last words of every process, for a failing test."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.log_dir.glob("*.log")))

    def cli(self, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """A `flask` command as a person would run it beside the desk."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *command],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )


@contextmanager
def running(environment: dict[str, str], log_dir: Path, **more: str) -> Iterator[Stack]:
    """Start web, worker, beat and mail door with `environment` and `more`, and end them."""
    web, smtp = free_port(), free_port()
    lmtp = int(more.get("LMTP_DOOR_PORT", free_port()))
    settings = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        **environment,
        "WEB_PORT": str(web),
        "SMTP_DOOR_PORT": str(smtp),
        "LMTP_DOOR_PORT": str(lmtp),
        "BASE_URL": f"http://localhost:{web}",
        "SWEEP_S": "2",
        "IMAP_POLL_S": "2",
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    stack = Stack(settings, f"http://localhost:{web}", smtp, lmtp, log_dir)
    try:
        gunicorn = ("gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{web}", "--worker-class", "gthread")
        stack.start("web", *gunicorn, "--threads", "32", "--graceful-timeout", "2")
        worker = ("celery", "-A", "workers.app", "worker", "-Q", "mail_in,mail_out,default")
        stack.start("worker", *worker, "-c", "1", "--loglevel", "WARNING")
        stack.start("beat", "celery", "-A", "workers.app", "beat", "--loglevel", "WARNING")
        stack.start("door", "flask", "mail", "serve")
        _wait_until_ready(stack)
        yield stack
    finally:
        for name in list(stack.processes):
            stack.stop(name)


def eventually(check: object, *, within_s: float = 20.0, every_s: float = 0.1) -> object:
    """What `check()` gives once it is true. Fails when that takes longer than `within_s`."""
    assert callable(check)
    until = time.monotonic() + within_s
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"still not so after {within_s:.0f} s: {check}")
        time.sleep(every_s)


def _wait_until_ready(stack: Stack) -> None:
    def answers() -> bool:
        died = [name for name, process in stack.processes.items() if process.poll() is not None]
        assert not died, f"{died} ended:\n{stack.logs()}"
        with suppress(OSError), urllib.request.urlopen(f"{stack.web_url}/health", timeout=1) as reply:
            return reply.status == 200 and all(_listens(port) for port in (stack.smtp_port, stack.lmtp_port))
        return False

    eventually(answers, within_s=READY_WITHIN_S)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
