"""The contact form, for anybody.

These pages are exempt from the CSRF guard on purpose. The guard keeps a foreign site from acting in the name of
whoever is signed in here; an inquiry is in nobody's name but the one typed into it, whoever sends it could send it
from anywhere, and nothing on these pages reads or changes a session. Inside another site's frame browsers keep our
cookie from us, so a token bound to it would shut out every visitor. What the form does carry is a signed token of
its own (form_token.py): it shows when the form was made, and makes a double click one case.
"""

from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.blobs.uploads import take
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError, InvalidInput, NotFound, OutOfOrder, TooMany
from helpdesk.core.i18n import LANGUAGES, _, language
from helpdesk.core.network import network_of
from helpdesk.intake.form_token import FormToken, new_token, read_number, read_token, sign_number
from helpdesk.intake.inquiry import TEXT_FIELDS, InquiryForm
from helpdesk.intake.queues import form_queue
from helpdesk.intake.take_in import Sent, Taken, take_in

contact = Blueprint("contact", __name__, template_folder="templates")

TOO_MUCH_TIMES = 4
"""Files up to so many times the limit are read all the same, so that the words beside them can be given back."""


class NotSentYet(InvalidInput):
    """The form must be sent once more; what was typed stands in it."""

    code = "send_again"


@contact.get("/contact")
@contact.get("/contact/<slug>")
def form(slug: str | None = None) -> Response:
    """The empty form, filled in with what the address says (?topic=…). With ?embed=1 for another site's frame."""
    form_queue(slug)
    asked = MultiDict({name: request.args[name][:1000] for name in TEXT_FIELDS if name in request.args})
    others = {code: url_for("contact.form", slug=slug, **{**_args(), "lang": code}) for code in LANGUAGES}
    others.pop(language(), None)
    return _page(InquiryForm(formdata=asked), slug, languages=others)


@contact.post("/contact")
@contact.post("/contact/<slug>")
def send(slug: str | None = None) -> Response:
    """Take the inquiry in and thank for it; or show the form again, with everything typed still in it."""
    request.max_content_length = TOO_MUCH_TIMES * current_app.config["ATTACHMENTS_MAX_BYTES"]
    try:
        typed = InquiryForm(formdata=request.form)
    except RequestEntityTooLarge:
        raise InvalidInput(_("The files are far too large. Go back, take some away, and send again."))
    token = read_token(request.form.get("token", ""))
    try:
        taken = _take(typed, token, slug)
    except NotFound:
        raise
    except (HelpdeskError, DBAPIError) as error:
        db.session.rollback()
        return _refused(typed, token, slug, error)
    return _thanks(taken, slug)


@contact.get("/contact/thanks/<signed>")
def thanks(signed: str) -> Response:
    """Thank you, and the number."""
    known = read_number(signed)
    if known is None:
        raise NotFound()
    number, confirmed = known
    return _framed(render_template("intake/thanks.html", number=number, confirmed=confirmed, **_around(None)))


def _take(typed: InquiryForm, token: FormToken | None, slug: str | None) -> Taken:
    queue = form_queue(slug)
    if not typed.validate():
        raise InvalidInput(_("Some of the fields need another look."))
    if token is None:
        raise NotSentYet(_("This page was open for a long time. Please send it once more."))
    if typed.website.data:
        raise NotSentYet(_("A field that nobody sees was filled in, as programs do. Please send it once more."))
    if token.age_s < current_app.config["FORM_MIN_S"]:
        raise NotSentYet(_("That was very quick. Please look it over and send it once more."))
    files = take(request.files.getlist("files"))
    sent = Sent("form", queue, token.mark, network_of(request.remote_addr))
    return take_in(typed.inquiry(language(), files), sent)


def _refused(typed: InquiryForm, token: FormToken | None, slug: str | None, error: Exception) -> Response:
    """The form with what was typed and a sentence on top. Files cannot be given back to a browser: it says so."""
    refusal = error if isinstance(error, HelpdeskError) else OutOfOrder()
    files = [file.filename for file in request.files.getlist("files") if file.filename]
    typed.website.data = ""
    # The token that came stays, so that the minimum time has passed when it is sent again.
    given = request.form.get("token", "") if token else new_token()
    sentence = _("Too many inquiries in a short time. Please wait a little and send it once more.")
    refused = sentence if isinstance(refusal, TooMany) else str(refusal.sentence)
    page = _page(typed, slug, token=given, refused=refused, files_again=files)
    page.status_code = refusal.http_status
    return page


def _page(typed: InquiryForm, slug: str | None, token: str = "", **more: Any) -> Response:
    return _framed(render_template("intake/form.html", form=typed, token=token or new_token(), **_around(slug), **more))


def _thanks(taken: Taken, slug: str | None) -> Response:
    signed = sign_number(taken.number, taken.confirmed)
    return make_response(redirect(url_for("contact.thanks", signed=signed, **_args()), 303))


def _args() -> dict[str, Any]:
    """What every address of the form carries along: the language and whether it stands in a frame."""
    args: dict[str, Any] = {"embed": "1"} if request.args.get("embed") else {}
    return {**args, **({"lang": request.args["lang"]} if request.args.get("lang") in LANGUAGES else {})}


def _around(slug: str | None) -> dict[str, Any]:
    """What the pages need besides the form. No session is touched, so that no cookie is set."""
    args = _args()
    return {
        "embed": "embed" in args,
        "action": url_for("contact.send", slug=slug, **args),
        "form_url": url_for("contact.form", slug=slug, **args),
        "files_max": current_app.config["ATTACHMENTS_MAX"],
        "files_max_bytes": current_app.config["ATTACHMENTS_MAX_BYTES"],
        "csrf_token": lambda: "",
        "get_flashed_messages": lambda **_kind: [],
    }


def _framed(html: str) -> Response:
    """The page; with ?embed=1 the sites of FORM_ANCESTORS may put it in a frame."""
    sites = current_app.config["FORM_ANCESTORS"]
    if request.args.get("embed") and sites:
        g.framers = ["'self'", *sites]
    return make_response(html)
