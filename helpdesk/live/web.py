"""The stream that keeps open screens true, and polling for browsers that cannot hold one."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request, session
from flask_login import current_user

from helpdesk.accounts.session import COOKIE_KEY
from helpdesk.core.db import db
from helpdesk.core.tokens import fingerprint
from helpdesk.live.hub import as_text, hub_of
from helpdesk.live.line import Line
from helpdesk.live.replay import newest_id, since

web = Blueprint("live", __name__)

SEND_TIMEOUT_S = 20.0
BIGGEST_ID = 2**62


@web.get("/live")
def stream() -> Response:
    """Events as text/event-stream, from Last-Event-ID (or ?after=) on. Holds no database connection while open."""
    hub = hub_of(_app())
    line = Line(agent_id=current_user.id, sign_in=fingerprint(session[COOKIE_KEY]))
    hub.open(line)
    try:
        after = _after()
        for event in since(after) if after is not None else ():
            line.say(as_text(event))
    except BaseException:
        hub.close(line)
        raise
    finally:
        db.session.remove()
    _give_up_on_a_stuck_browser()
    response = Response(line.words(), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # nginx would otherwise keep events back until its buffer is full.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(lambda: hub.close(line))
    return response


@web.get("/live/poll")
def poll() -> Response:
    """The same as JSON, for asking every few seconds: `events` since ?after=, and `last` to ask with next time."""
    after = _after()
    events = since(after) if after is not None else []
    response = jsonify(events=events, last=max([newest_id(), after or 0]))
    response.headers["Cache-Control"] = "no-store"
    return response


@web.app_template_global()
def live_after() -> int:
    """Where the stream of the page being made has to begin: nothing is missed between page and stream."""
    return newest_id()


def _after() -> int | None:
    """The id the browser has seen, or None when it names none that we could have given out."""
    said = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    return min(int(said), BIGGEST_ID) if said.isascii() and said.isdigit() and len(said) < 20 else None


def _app() -> Flask:
    app: Any = current_app
    return app._get_current_object()


def _give_up_on_a_stuck_browser() -> None:
    """A browser that stopped reading would hold its thread until TCP gives up, after many minutes."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(SEND_TIMEOUT_S)
