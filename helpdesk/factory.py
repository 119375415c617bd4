"""Where the rooms are joined into one application."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, redirect, url_for
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from helpdesk import http, menu
from helpdesk.accounts.session import agent_of_request
from helpdesk.core import events, i18n, jobs, kill_points, limits, logs, looks, tally
from helpdesk.core.commands import Commands
from helpdesk.core.db import db
from helpdesk.reactions import REACTIONS
from helpdesk.rooms import COMMANDS, PAGES, PAGES_FOR_PROGRAMS, PUBLIC_FORMS

csrf = CSRFProtect()


class Migrations:
    """What Flask-Migrate keeps of an application, made when somebody migrates: Alembic is large, and web and workers
    never use it."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(self._app, db, directory=str(Path(__file__).parent.parent / "migrations"), compare_type=True)
        return getattr(self._app.extensions["migrate"], name)


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The web application; `settings` (as config.load() gives them) default to the environment's."""
    app = http.Desk("helpdesk", root_path=str(Path(__file__).parent))
    app.config.from_mapping(config.for_flask(settings or config.load()))
    logs.install(app)
    if app.config["TRUSTED_PROXIES"]:
        n = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    db.init_app(app)
    app.extensions["migrate"] = Migrations(app)
    csrf.init_app(app)
    jobs.make_celery(app)
    limits.install(app)
    tally.install(app)
    events.install(app, REACTIONS)
    kill_points.arm(app.config["KILL_AT"])
    i18n.install(app, http.choose_language)
    looks.install(app)
    LoginManager(app).request_loader(agent_of_request)
    http.install(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    for pages in (*PAGES_FOR_PROGRAMS, *PUBLIC_FORMS):
        app.register_blueprint(pages)
        csrf.exempt(pages)
    app.cli = Commands(COMMANDS, app.name)
    app.add_url_rule("/", "home", lambda: redirect(url_for("cases.queue")))
    menu.install(app)
    app.add_url_rule("/health", "health", lambda: {"status": "alive"})
    return app
