"""The Celery application: `celery -A workers.app worker` and `celery -A workers.app beat`."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import signals
from celery.schedules import schedule

from helpdesk.core import logs, tally
from helpdesk.core.db import db
from helpdesk.core.kill_points import here
from helpdesk.factory import create_app

flask_app = create_app()
logs.speak()
celery = flask_app.extensions["celery"]
log = logging.getLogger(__name__)
BEGAN = datetime.now(UTC), time.monotonic()
_last_run: dict[str, float] = {}


def steady_now() -> datetime:
    """The time of day at which this process began, and how long it has run: nobody can set this clock."""
    return BEGAN[0] + timedelta(seconds=time.monotonic() - BEGAN[1])


def task(name: str, every_s: int | None = None) -> Callable[..., Any]:
    """Register a function as the task `name`.

    It runs in an application context of its own. What fails is taken up again by the sweeper: a task that Celery puts
    off is due by the clock of one machine, and waits for ever on another. `every_s` puts it on beat's timetable.
    """

    def register(work: Callable[..., None]) -> Any:
        def run(*ids: int) -> None:
            if every_s is not None and _ran_lately(name, every_s):
                return
            with flask_app.app_context(), logs.work(task=name, ids=" ".join(map(str, ids))):
                began, result = time.monotonic(), "failed"
                try:
                    here("task.taken")
                    work(*ids)
                    here("task.done")
                    result = "done"
                finally:
                    db.session.remove()
                    tell(name, result, time.monotonic() - began, is_routine=every_s is not None)

        if every_s is not None:
            celery.conf.beat_schedule[name] = {
                "task": name,
                "schedule": schedule(every_s, nowfun=steady_now, app=celery),
                # Due as soon as beat begins.
                "last_run_at": steady_now() - timedelta(seconds=every_s),
            }
        return celery.task(name=name)(run)

    return register


@signals.worker_process_shutdown.connect
def _tell_what_was_counted(**_: Any) -> None:
    """A child of the worker ends without running what Python runs at exit."""
    with flask_app.app_context():
        tally.tally().flush()


def _ran_lately(name: str, every_s: int) -> bool:
    """Whether this process did the task less than half a round ago: a second beat, or what piled up while none ran.

    Celery's own expiry would be by the clock of the machine that sent it.
    """
    now = time.monotonic()
    if now - _last_run.get(name, float("-inf")) < every_s / 2:
        return True
    _last_run[name] = now
    return False


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
