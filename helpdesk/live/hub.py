"""The open streams of one web process: an event comes in once and goes out to all of them.

Two threads serve any number of streams. One listens to Valkey. The other looks at the table every second, so that
nothing is missed while Valkey is away, and ends streams whose sign-in ended.
"""

import json
import logging
import signal
import threading
import time
from collections import OrderedDict
from typing import Any

import redis
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.accounts.models import Agent, SignIn
from helpdesk.core.db import db
from helpdesk.core.errors import TooMany
from helpdesk.core.kill_points import here
from helpdesk.live.line import PUSHED_OUT_MS, Line
from helpdesk.live.replay import newest_id, since
from helpdesk.live.stream import channel, valkey

log = logging.getLogger(__name__)

PER_AGENT = 6
SHARE_OF_THREADS = 0.8
"""Each stream holds a thread of the web process; the rest of them stay free for pages."""
LOOK_EVERY_S = 1.0
CHECK_EVERY_S = 2.0
ENDING_SEEN_WITHIN_S = 0.25
REMEMBERED = 5000


def hub_of(app: Flask) -> "Hub":
    """The hub of this process."""
    return app.extensions.setdefault("live_hub", Hub(app))


def as_text(event: dict[str, Any]) -> str:
    """An event in the format of text/event-stream."""
    return f"id: {event['id']}\ndata: {json.dumps(event)}\n\n"


class Hub:
    """Whom this process tells, and what it told last."""

    def __init__(self, app: Flask):
        self.app = app
        self.lines: list[Line] = []
        self.most = max(1, int(app.config["WEB_THREADS"] * SHARE_OF_THREADS))
        self._lock = threading.Lock()
        self._told: OrderedDict[int, None] = OrderedDict()
        self._last_id = 0
        self._threads: list[threading.Thread] = []

    def open(self, line: Line) -> None:
        """Let `line` hear everything from now on; the oldest of an agent with PER_AGENT lines makes room.

        Raises TooMany when the process has no thread to spare: the browser then polls.
        """
        newest = newest_id()
        with self._lock:
            mine = [other for other in self.lines if other.agent_id == line.agent_id]
            for oldest in mine[: max(0, len(mine) + 1 - PER_AGENT)]:
                oldest.end(f"retry: {PUSHED_OUT_MS}\n\n")
                self.lines.remove(oldest)
            if len(self.lines) >= self.most:
                raise TooMany()
            if not self.lines:
                self._last_id = newest
            self.lines.append(line)
            self._start()

    def close(self, line: Line) -> None:
        """Forget a line whose browser is gone."""
        with self._lock:
            if line in self.lines:
                self.lines.remove(line)

    def tell(self, event: dict[str, Any]) -> None:
        """Say `event` on every line, unless it was said before."""
        with self._lock:
            if event["id"] in self._told:
                return
            self._told[event["id"]] = None
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            self._last_id = max(self._last_id, event["id"])
            lines = list(self.lines)
        words = as_text(event)
        here("live.noticed")
        for line in lines:
            line.say(words)

    def _start(self) -> None:
        if not self._threads:
            for work in (self._listen, self._watch):
                self._threads.append(threading.Thread(target=work, name=f"live{work.__name__}", daemon=True))
                self._threads[-1].start()

    def _listen(self) -> None:
        while True:
            try:
                with valkey(self.app).pubsub(ignore_subscribe_messages=True) as ears:
                    ears.subscribe(channel(self.app))
                    while True:
                        heard = ears.get_message(timeout=1.0)
                        if heard:
                            self.tell(json.loads(heard["data"]))
            except (redis.RedisError, OSError):
                # Meanwhile _watch finds every event in the table.
                time.sleep(LOOK_EVERY_S)
            except Exception:
                log.exception("The live channel brought something unreadable")

    def _watch(self) -> None:
        look_at = check_at = 0.0
        while True:
            time.sleep(ENDING_SEEN_WITHIN_S)
            if process_is_ending():
                self._end(list(self.lines))
                continue
            present = time.monotonic()
            try:
                with self.app.app_context():
                    if present >= check_at:
                        check_at = present + CHECK_EVERY_S
                        self._end_the_signed_out()
                    if present >= look_at:
                        look_at = present + LOOK_EVERY_S
                        self._look()
            except SQLAlchemyError as error:
                log.warning("The database does not answer (%s); open streams wait", type(error).__name__)
            except Exception:
                log.exception("Looking after the open streams failed")

    def _look(self) -> None:
        if self.lines:
            for event in since(self._last_id):
                self.tell(event)

    def _end_the_signed_out(self) -> None:
        """One query for every stream of the process."""
        lines = list(self.lines)
        if lines:
            valid = _valid({line.sign_in for line in lines}, self.app)
            self._end([line for line in lines if line.sign_in not in valid])

    def _end(self, lines: list[Line]) -> None:
        for line in lines:
            self.close(line)
            line.end()


def _valid(sign_ins: set[bytes], app: Flask) -> set[bytes]:
    oldest = func.now() - text(f"interval '{int(app.config['SESSION_MAX_DAYS'])} days'")
    found = (
        select(SignIn.secret_hash)
        .join(Agent, Agent.id == SignIn.agent_id)
        .where(SignIn.secret_hash.in_(sign_ins), Agent.active, SignIn.created_at > oldest)
    )
    return set(db.session.execute(found).scalars())


def process_is_ending() -> bool:
    """Whether gunicorn asked this worker to finish: the owner of its SIGTERM handler knows."""
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return not getattr(worker, "alive", True)
