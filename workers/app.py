"""The Celery application: `celery -A workers.app worker` and `celery -A workers.app beat`."""

import logging
import time
from collections.abc import Callable
from typing import Any

from celery import Task, signals

from helpdesk.core import logs, tally
from helpdesk.core.db import db
from helpdesk.core.kill_points import here
from helpdesk.factory import create_app

flask_app = create_app()
logs.speak()
celery = flask_app.extensions["celery"]
log = logging.getLogger(__name__)
RETRY_MAX_S = 60


def task(name: str, retry_on: tuple[type[Exception], ...] = (), every_s: int | None = None) -> Callable[..., Any]:
    """Register a function as the task `name`.

    It runs in an application context of its own. Errors in `retry_on` are tried again with a growing pause, three
    times at most: after that the sweeper takes the row up. `every_s` puts it on beat's timetable.
    """

    def register(work: Callable[..., None]) -> Any:
        def run(self: Task, *ids: int) -> None:
            with flask_app.app_context(), logs.work(task=name, ids=" ".join(map(str, ids))):
                began, result = time.monotonic(), "failed"
                try:
                    here("task.taken")
                    work(*ids)
                    here("task.done")
                    result = "done"
                except retry_on as error:
                    result = "retried"
                    raise self.retry(exc=error, countdown=min(RETRY_MAX_S, 2**self.request.retries), max_retries=3)
                finally:
                    db.session.remove()
                    tell(name, result, time.monotonic() - began, is_routine=every_s is not None)

        if every_s is not None:
            celery.conf.beat_schedule[name] = {"task": name, "schedule": every_s, "options": {"expires": every_s}}
        return celery.task(name=name, bind=True)(run)

    return register


@signals.worker_process_shutdown.connect
def _tell_what_was_counted(**_: Any) -> None:
    """A child of the worker ends without running what Python runs at exit."""
    with flask_app.app_context():
        tally.tally().flush()


@signals.beat_init.connect
def _watch_the_timetable(**_: Any) -> None:
    signals.before_task_publish.connect(lambda **_: here("beat.tick"), weak=False)
    signals.after_task_publish.connect(lambda **_: here("beat.sent"), weak=False)


def tell(name: str, result: str, seconds: float, *, is_routine: bool) -> None:
    """Count and log how a task went; what beat wakes every few seconds only when it failed, or at DEBUG."""
    tally.count("tasks", name, result)
    tally.observe("task_duration_seconds", seconds, name)
    level = logging.DEBUG if is_routine and result == "done" else logging.INFO
    log.log(level, "Task %s", result, extra={"about": {"ms": round(seconds * 1000)}})


from workers import tasks  # noqa: E402, F401
