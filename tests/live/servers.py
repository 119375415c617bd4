"""A real web process, and a browser's EventSource as far as these tests need one."""

import contextlib
import http.client
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from flask import Flask

from helpdesk.accounts.models import Agent
from tests.ports import free_port
from tests.signing_in import secret_of

ROOT = Path(__file__).parent.parent.parent


class WebProcess:
    """gunicorn with one process, as it runs in earnest."""

    def __init__(self, environment: dict[str, str], **more: str):
        self.port = free_port()
        settings = {**os.environ, **environment, "WEB_THREADS": "300", **more}
        command = [sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "--threads", settings["WEB_THREADS"]]
        self.child = subprocess.Popen(
            [*command, "-b", f"127.0.0.1:{self.port}", "--no-control-socket"], cwd=ROOT, env=settings
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.child.poll() is None, "gunicorn ended"
                assert time.monotonic() < deadline, "gunicorn does not answer"
                time.sleep(0.1)

    def stop(self) -> float:
        """Ask it to end; how long that took, in seconds."""
        started = time.monotonic()
        self.child.terminate()
        try:
            self.child.wait(40)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        return time.monotonic() - started


def cookie_of(app: Flask, agent: Agent) -> str:
    """The cookie of a browser in which `agent` has just signed in."""
    signer: Any = app.session_interface
    value = signer.get_signing_serializer(app).dumps({"sign_in": secret_of(agent)})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


class Screen:
    """An open stream, read in a thread of its own."""

    def __init__(self, port: int, cookie: str, last_event_id: int | None = None, path: str = "/live"):
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.ended = threading.Event()
        self.raw = ""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Cookie": cookie, "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.socket = self.response.fp.raw._sock  # type: ignore[attr-defined]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while line := self.response.readline().decode():
                self.raw += line
                if line.startswith("data: "):
                    self.events.put(json.loads(line[6:]))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.ended.set()

    def next(self, kind: str, within_s: float) -> dict[str, Any]:
        """The next event of this kind. Raises queue.Empty when none comes in time."""
        deadline = time.monotonic() + within_s
        while True:
            event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            if event["kind"] == kind:
                return event

    def close(self) -> None:
        """Close as a browser does that leaves the page."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()
