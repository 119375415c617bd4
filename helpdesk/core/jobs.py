"""Waking the workers. The row is the truth: a lost wake-up costs seconds, never work.

A message carries a task's name and row ids, nothing else. When the broker does not answer we say so once in the log and
go on; the sweeper picks the row up within 30 s of the broker's return.
"""

import logging
import time

import redis
from celery import Celery, signals
from flask import Flask, current_app
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from helpdesk.core.db import after_commit
from helpdesk.core.kill_points import here

log = logging.getLogger(__name__)

QUEUES = ("mail_in", "mail_out", "default")
PROBE_S = 1.0
"""A broker that takes longer than this to say PONG counts as away: redis-py would try for many seconds."""
BROKER_REST_S = 2.0
"""After a refusal, how long to leave the broker alone, so that a request never queues behind its time-outs."""
LONG_LINE = 100
"""Tasks; a worker process has a few seconds' work with them."""


def queue_for(task_name: str) -> str:
    """The Celery queue that a task stands in: its room's own, or `default`. In `mail_in` stands nothing but reading."""
    room = task_name.split(".")[0]
    return room if room in QUEUES else "default"


def make_celery(app: Flask) -> Celery:
    """The Celery application, configured from the app's settings; the worker and the web share it."""
    celery = Celery("helpdesk", broker=app.config["REDIS_URL"])
    celery.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_default_queue="default",
        task_create_missing_queues=True,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 600,
            "socket_connect_timeout": 1.0,
            "socket_timeout": 30.0,
            "socket_keepalive": True,
        },
        # Its timetable stays in memory: a file would say when things were last done by a clock that was set since.
        beat_scheduler="celery.beat:Scheduler",
        worker_cancel_long_running_tasks_on_connection_loss=False,
        timezone="UTC",
    )
    # Celery then leaves the loggers as core.logs made them.
    signals.setup_logging.connect(_leave_logging_alone)
    app.extensions["celery"] = celery
    app.extensions["broker_rests_until"] = 0.0
    app.extensions["broker_probe"] = redis.Redis.from_url(
        app.config["REDIS_URL"],
        socket_connect_timeout=PROBE_S,
        socket_timeout=PROBE_S,
        retry=Retry(NoBackoff(), 0),
    )
    return celery


def _leave_logging_alone(**_about: object) -> None:
    pass


def later(task_name: str, *ids: int, enough: int | None = None) -> None:
    """Have a worker run `task_name` with these row ids, once the current transaction is durable. `enough`: see wake."""
    after_commit(lambda: wake(task_name, *ids, enough=enough))


def wake(task_name: str, *ids: int, enough: int | None = None) -> bool:
    """Tell the broker now. False when it does not take the message; never raises for that.

    `enough` is for a task that takes up whatever waits: when so many of its kind wait to begin, they see to these rows
    too, and nothing is sent.
    """
    extensions = current_app.extensions
    if time.monotonic() < extensions["broker_rests_until"]:
        return False
    try:
        here("jobs.before_wake")
        waiting = extensions["broker_probe"].llen(queue_for(task_name))
        if enough is not None and waiting >= enough:
            return True
        extensions["celery"].send_task(task_name, args=ids, queue=queue_for(task_name), retry=False)
        here("jobs.woken")
    except (OperationalError, RedisError, OSError) as error:
        extensions["broker_rests_until"] = time.monotonic() + BROKER_REST_S
        log.warning("The broker does not answer (%s); the sweeper will take up %s %s", error, task_name, ids)
        return False
    return True


def has_long_line(task_name: str) -> bool:
    """Whether so many tasks wait beside `task_name` that more would help nobody: it is asked before waking in bulk.

    Without this a sweeper would wake the same rows again and again while they wait their turn, and the more there
    are, the more of the workers' time goes to tasks with nothing left to do. True, too, when the broker is away.
    """
    extensions = current_app.extensions
    if time.monotonic() < extensions["broker_rests_until"]:
        return True
    try:
        return int(extensions["broker_probe"].llen(queue_for(task_name))) >= LONG_LINE
    except (RedisError, OSError):
        return True
