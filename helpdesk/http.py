"""What every request meets: who may come in, the headers that go out, and errors in plain words."""

import logging
import time
import uuid
from typing import Any

from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    has_request_context,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from helpdesk.core import logs, tally
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError, InvalidInput, NotAllowed, OutOfOrder
from helpdesk.core.i18n import LANGUAGES
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.over_again import over_again
from helpdesk.who_may import PUBLIC, WHO_MAY, lets_in

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
PLAIN_WORDS = {
    400: _l("The request could not be understood."),
    404: _l("There is nothing at this address."),
    405: _l("This address does not take that kind of request."),
    413: _l("That is too large. Please send fewer or smaller files."),
    429: _l("Too many attempts. Please wait a little and try again."),
    500: _l("Something went wrong on our side. It has been logged, and nothing you saved is lost."),
}


def install(app: Flask) -> None:
    """Hang the guards, the headers and the error pages on `app`."""
    app.before_request(name_the_request)
    app.before_request(check_who_may)
    app.after_request(add_headers)
    app.after_request(note_the_request)
    app.teardown_request(lambda _error: logs.begin())
    app.register_error_handler(HelpdeskError, show_refusal)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(DBAPIError, show_database_error)
    app.register_error_handler(Exception, show_crash)


class Cookie(SecureCookieSessionInterface):
    """Flask's signed cookie, whose age is nobody's concern here: the row behind it ends by the database's clock.

    Else a web machine whose clock is set would sign everybody out.
    """

    def open_session(self, app: Flask, request: Request) -> Any:
        """What the cookie holds; nothing when it is not ours."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            return self.session_class(serializer.loads(request.cookies.get(self.get_cookie_name(app), "")))
        except BadSignature:
            return self.session_class()


class Desk(Flask):
    """Flask, and one rule more: a request that the database undid before anything of it stood is answered anew."""

    session_interface = Cookie()

    def dispatch_request(self) -> Any:
        answer = super().dispatch_request
        tries = 0

        @over_again
        def request_once() -> Any:
            nonlocal tries
            tries += 1
            if tries > 1:
                for _name, file in request.files.items(multi=True):
                    file.seek(0)
            return answer()

        return request_once()


def name_the_request() -> None:
    """One id for the log lines of a request, also shown on its error page."""
    g.request_id, g.began = uuid.uuid4().hex[:12], time.monotonic()
    logs.begin(request=g.request_id)


def note_the_request(response: Response) -> Response:
    """One line a request: what changes or fails at INFO, what only looks at DEBUG. Addresses may hold secrets."""
    took_s = time.monotonic() - g.get("began", time.monotonic())
    endpoint = request.endpoint or "none"
    tally.count("requests", endpoint, f"{response.status_code // 100}xx")
    tally.observe("request_duration_seconds", took_s, endpoint)
    only_looks = request.method in ("GET", "HEAD", "OPTIONS") and response.status_code < 500
    level = logging.DEBUG if only_looks else logging.INFO
    about = {"endpoint": endpoint, "status": response.status_code, "ms": round(took_s * 1000)}
    log.log(level, "%s %s", request.method, endpoint, extra={"about": about})
    return response


def check_who_may() -> Any:
    """Let in whom WHO_MAY lets in; a page that is not in the table lets in nobody."""
    if request.endpoint is None:
        return None
    if WHO_MAY.get(request.endpoint) == PUBLIC:
        return None
    if not current_user.is_authenticated:
        if wants_json():
            raise NotAllowed(_l("Please sign in."), sign_in=True)
        here = request.full_path.rstrip("?") if request.method == "GET" and not is_htmx() else None
        target = url_for("accounts.sign_in", next=here)
        return Response(status=401, headers={"HX-Redirect": target}) if is_htmx() else redirect(target)
    if not lets_in(request.endpoint, current_user):
        raise NotAllowed()
    return None


def add_headers(response: Response) -> Response:
    """Security headers on every answer; a page that needs others sets them first.

    `g.framers` names the sites that may show the page in a frame: none, unless the page says so.
    """
    framers = " ".join(g.get("framers") or ["'none'"])
    response.headers.setdefault("Content-Security-Policy", f"{POLICY}; frame-ancestors {framers}")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def is_htmx() -> bool:
    """Whether htmx asks for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def wants_json() -> bool:
    """Whether the answer goes to a program."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def show(error: HelpdeskError) -> Any:
    """A refusal as JSON, as a fragment or as a page, as its reader wants it."""
    if wants_json():
        body: dict[str, Any] = {"error": error.code, "sentence": str(error.sentence), **error.details}
        if isinstance(error, InvalidInput):
            body["fields"] = {name: str(sentence) for name, sentence in error.fields.items()}
        return jsonify(body), error.http_status
    template = "_error_fragment.html" if is_htmx() else "error.html"
    return render_template(template, error=error, request_id=g.get("request_id", "")), error.http_status


def show_refusal(error: HelpdeskError) -> Any:
    """A HelpdeskError, said to the person."""
    return show(error)


def show_stale_form(_error: CSRFError) -> Any:
    """The form's token is missing or of another session."""
    return show(InvalidInput(_l("This page has been open for a long time. Please load it again and send once more.")))


def show_http_error(error: HTTPException) -> Any:
    """Flask's own errors, in our words. Redirects pass."""
    status = error.code or 500
    if status < 400:
        return error
    refusal = HelpdeskError(PLAIN_WORDS.get(status, _l("That did not work.")))
    refusal.http_status, refusal.code = status, error.name.lower().replace(" ", "_")
    return show(refusal)


def show_database_error(error: DBAPIError) -> Any:
    """The database is away (503) or refused a statement (500)."""
    db.session.rollback()
    # The page that says so must not ask the database once more who is reading it.
    g.nobody_signed_in = True
    if isinstance(error, DataError):
        # A NUL in a text, a number past any id: nothing of ours is like that.
        return show(InvalidInput(PLAIN_WORDS[400]))
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.warning("The database does not answer: %s", type(error.orig).__name__)
        return show(OutOfOrder())
    return show_crash(error)


def show_crash(error: Exception) -> Any:
    """Anything unforeseen: logged with its id, told without its insides."""
    log.exception("Request %s to %s failed", g.get("request_id", ""), request.endpoint, exc_info=error)
    db.session.rollback()
    refusal = HelpdeskError(PLAIN_WORDS[500])
    refusal.http_status, refusal.code = 500, "crash"
    return show(refusal)


def choose_language() -> str:
    """The signed-in person's language, else ?lang=, else what the browser asks for, else the setting."""
    default = current_app.config["DEFAULT_LANGUAGE"]
    if not has_request_context():
        return default
    if current_user.is_authenticated:
        return current_user.language
    if request.args.get("lang") in LANGUAGES:
        return request.args["lang"]
    asked = request.accept_languages.best_match([default, *LANGUAGES, "no", "nn"])
    return "nb" if asked in ("no", "nn") else asked or default
