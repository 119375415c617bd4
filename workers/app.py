"""The Celery application: `celery -A workers.app worker` and `celery -A workers.app beat`."""

from collections.abc import Callable
from typing import Any

from celery import Task, signals

from helpdesk.core.db import db
from helpdesk.core.kill_points import here
from helpdesk.factory import create_app

flask_app = create_app()
celery = flask_app.extensions["celery"]
RETRY_MAX_S = 60


def task(name: str, retry_on: tuple[type[Exception], ...] = (), every_s: int | None = None) -> Callable[..., Any]:
    """Register a function as the task `name`.

    It runs in an application context of its own. Errors in `retry_on` are tried again with a growing pause, three
    times at most: after that the sweeper takes the row up. `every_s` puts it on beat's timetable.
    """

    def register(work: Callable[..., None]) -> Any:
        def run(self: Task, *ids: int) -> None:
            with flask_app.app_context():
                try:
                    here("task.taken")
                    work(*ids)
                    here("task.done")
                except retry_on as error:
                    raise self.retry(exc=error, countdown=min(RETRY_MAX_S, 2**self.request.retries), max_retries=3)
                finally:
                    db.session.remove()

        if every_s is not None:
            celery.conf.beat_schedule[name] = {"task": name, "schedule": every_s, "options": {"expires": every_s}}
        return celery.task(name=name, bind=True)(run)

    return register


@signals.beat_init.connect
def _watch_the_timetable(**_: Any) -> None:
    signals.before_task_publish.connect(lambda **_: here("beat.tick"), weak=False)
    signals.after_task_publish.connect(lambda **_: here("beat.sent"), weak=False)


from workers import tasks  # noqa: E402, F401
