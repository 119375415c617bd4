"""Starting the desk's programs quickly: a process that has loaded the desk's code forks itself into each of them.

What runs is the program's own main(), as from a shell, in a process and a session of its own; only the seconds of
importing are saved. `python -m tests.chaos.nursery` reads one JSON object a line and writes one for each child that
it started or that ended.
"""

import contextlib
import ctypes
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpdesk.embedded.processes import end_child, start_tied

ROOT = Path(__file__).parent.parent.parent
PR_SET_PDEATHSIG = 1
LOADED = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "flask.cli",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "kombu.transport.redis",
    "psycopg",
    "helpdesk.factory",
    "helpdesk.mail_in.doors.serve",
    "helpdesk.mail_in.story",
)


class Child:
    """A program that the nursery started: like a Popen, as far as is needed here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.started_at = time.monotonic()
        self.code: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that ended it), or None while it runs."""
        return self.code

    def wait(self, seconds: float) -> int | None:
        """The same, once it has ended, or after `seconds`."""
        self._ended.wait(seconds)
        return self.code

    def ended(self, code: int) -> None:
        """Told by the nursery."""
        self.code = code
        self._ended.set()

    def kill(self, sign: signal.Signals = signal.SIGKILL, *, group: bool = True) -> None:
        """Send `sign` to it and all it started, or to it alone."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, sign)


class Nursery:
    """The forking process, from outside. Use it in `with`, in the main thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = start_tied(
            [sys.executable, "-m", "tests.chaos.nursery"],
            when_orphaned=signal.SIGKILL,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lock = threading.Lock()
        self._children: dict[int, Child] = {}
        self._asked: list[threading.Event] = []
        self._told: list[int] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, *argv: str, log: Path, stdin: Path | None = None, **more: str) -> Child:
        """Fork a child that runs `python -m argv`, with `more` in its environment."""
        asked = {"argv": argv, "log": str(log), "stdin": str(stdin or os.devnull), "more": more}
        with self._lock:
            self._tell(asked)
            return self._children[self._told.pop()]

    def warm_up(self, cookie: str) -> None:
        """Let the nursery do everything once (see warm.py): its children then start at full speed."""
        self._tell({"warm": cookie})

    def _tell(self, asked: dict[str, Any]) -> None:
        """Have something done; returns once it is."""
        there = threading.Event()
        self._asked.append(there)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        assert there.wait(120), "the nursery does not answer"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "born" in said:
                self._children[said["born"]] = Child(said["born"])
                self._told.append(said["born"])
                self._asked.pop(0).set()
            elif "warm" in said:
                self._asked.pop(0).set()
            else:
                self._children[said["ended"]].ended(said["code"])

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        for child in list(self._children.values()):
            child.kill()
        end_child(self._process, (signal.SIGTERM, 2.0))


def main() -> None:
    """Load the desk's code, then fork for each line of standard input until it ends."""
    for module in LOADED:
        importlib.import_module(module)
    wake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines = b""
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 1000)
            _bury()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *whole, lines = (lines + read).split(b"\n")
            for line in whole:
                asked = json.loads(line)
                if "warm" in asked:
                    importlib.import_module("tests.chaos.warm").warm_up(asked["warm"])
                    _say(warm=True)
                else:
                    _say(born=_fork(asked, (wake, alarm)))


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**news: Any) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


def _fork(asked: dict[str, Any], ours: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in ours:
            os.close(number)
        stdin, log = os.open(asked["stdin"], os.O_RDONLY), os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for old, new in ((stdin, 0), (log, 1), (log, 2)):
            os.dup2(old, new)
        os.environ.update(asked["more"])
        sys.argv = [asked["argv"][0], *asked["argv"][1:]]
        runpy.run_module(asked["argv"][0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code or 0)


if __name__ == "__main__":
    main()
