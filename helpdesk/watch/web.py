"""/ready and /metrics for machines; the status page, and the line above every page, for admins."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from prometheus_client import CONTENT_TYPE_LATEST

from helpdesk.core.errors import NotFound
from helpdesk.live.hub import Hub
from helpdesk.watch import metrics as figures
from helpdesk.watch import wording
from helpdesk.watch.check import check, is_ready
from helpdesk.watch.guards import may_see_details
from helpdesk.watch.judge import Finding, worst
from helpdesk.watch.watchdog import troubles

web = Blueprint("watch", __name__, template_folder="templates")
for words in (wording.part_name, wording.state_name, wording.meaning, wording.advice):
    web.add_app_template_filter(words)
web.add_app_template_filter(wording.place, "finding_place")
UNAVAILABLE = 503


@web.record
def _install(state: BlueprintSetupState) -> None:
    app: Any = state.app
    app.jinja_env.globals["watch_troubles"] = troubles_for_reader

    def streams() -> float | None:
        hub: Hub | None = app.extensions.get("live_hub")
        return float(len(hub.lines)) if hub else None

    app.extensions["tally"].gauges["live_streams"] = streams


@web.get("/ready")
def ready() -> tuple[Response, int]:
    """Whether this process can serve people: 200 or 503, and a word for each part; more for those who may see it."""
    findings = check()
    well = is_ready(findings)
    if may_see_details():
        checks: Any = [
            {"part": one.part, "name": one.name, "state": one.state, "code": one.code, "said": wording.meaning(one)}
            | {name: _plain(value) for name, value in one.values.items()}
            for one in findings
        ]
    else:
        parts = dict.fromkeys(one.part for one in findings)
        checks = {part: worst([one.state for one in findings if one.part == part]) for part in parts}
    answer = jsonify(status="ready" if well else "not ready", checks=checks)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if well else UNAVAILABLE


@web.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus. There is nothing here for those who may not see it."""
    if not may_see_details():
        raise NotFound()
    return Response(figures.as_text(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


@web.get("/settings/status")
def status() -> str:
    """Every part in plain words; the page asks for itself again every few seconds."""
    return render_template("watch/status.html", findings=check())


@web.get("/settings/status/banner")
def banner() -> str:
    """The line above every page, for a page that stays open."""
    return render_template("watch/_banner.html")


def troubles_for_reader() -> list[Finding] | None:
    """What admins must hear of; None for anybody else."""
    if not current_user.is_authenticated or not current_user.is_admin:
        return None
    return troubles()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
