"""Telling open screens what happened: the reaction that publishes an event once it is durable."""

import json
import logging
import time
from typing import Any

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from helpdesk.cases.models import CaseEvent
from helpdesk.core.db import after_commit
from helpdesk.core.kill_points import here
from helpdesk.core.tokens import seal

log = logging.getLogger(__name__)

PUBLISH_TIMEOUT_S = 0.5
REST_S = 2.0
"""After a refusal, how long Valkey is left alone: meanwhile every web process finds the event in the table."""
PING_EVERY_S = 5


def tell(event: CaseEvent) -> None:
    """Publish what the screens need to know of `event` after the commit; nobody's work waits for it to arrive."""
    case = event.case
    fields = (event.id, event.kind, case.number, case.id, case.queue_id, event.actor_id)
    news = json.dumps(as_data(*fields))
    after_commit(lambda: _publish(news))


def as_data(*fields: Any) -> dict[str, Any]:
    """An event as browsers get it. Its number is None when it speaks of no one case."""
    return dict(zip(("id", "kind", "number", "case", "queue", "actor"), fields, strict=True))


def channel(app: Flask) -> str:
    """This installation's channel: others on the same server neither hear it nor guess it."""
    return "helpdesk.live." + seal(app.config["SECRET_KEY"], "live")


def valkey(app: Flask) -> redis.Redis:
    """A client that never waits long and never tries again by itself."""
    extensions = app.extensions
    if "live_valkey" not in extensions:
        extensions["live_valkey"] = redis.Redis.from_url(
            app.config["REDIS_URL"],
            socket_connect_timeout=PUBLISH_TIMEOUT_S,
            socket_timeout=PUBLISH_TIMEOUT_S,
            health_check_interval=PING_EVERY_S,
            retry=Retry(NoBackoff(), 0),
        )
        extensions["live_rests_until"] = 0.0
    return extensions["live_valkey"]


def _publish(news: str) -> None:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    client = valkey(app)
    if time.monotonic() < app.extensions["live_rests_until"]:
        return
    try:
        here("live.before_publish")
        client.publish(channel(app), news)
        here("live.published")
    except (redis.RedisError, OSError) as error:
        app.extensions["live_rests_until"] = time.monotonic() + REST_S
        log.warning("Valkey does not answer (%s); screens find out from the table", error)
