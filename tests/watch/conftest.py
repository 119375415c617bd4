"""A watch that remembers nothing of the test before."""

from collections.abc import Iterator

import pytest
from flask import Flask

from helpdesk.core.jobs import QUEUES
from helpdesk.core.tally import tally

KEPT = ("watch_probes", "watchdog", "watch_began")


def forget(app: Flask) -> None:
    """Let the next look be the first."""
    for name in KEPT:
        app.extensions.pop(name, None)


@pytest.fixture(autouse=True)
def fresh_watch(request: pytest.FixtureRequest) -> Iterator[None]:
    """Before and after each test of the room that has the application."""
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    forget(app)
    counts = tally()
    counts.flush()
    counts._client.delete(counts.name)
    # Wake-ups that tests before this one left look like a worker who takes none.
    app.extensions["broker_probe"].delete(*QUEUES)
    # This process has watched for hours.
    app.extensions["watch_began"] = -(10**9)
    yield
    forget(app)
