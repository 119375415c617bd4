"""The outbox: what left, what waits and why, each mail's source, and what a person may do about it."""

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import StringField

from helpdesk.blobs import store
from helpdesk.blobs.serve import FileLost
from helpdesk.core.errors import InvalidInput, NotAllowed
from helpdesk.core.forms import Form
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_out import by_hand
from helpdesk.mail_out.errors import NotMadeYet
from helpdesk.mail_out.listing import VIEWS, counts, mail_by_id, mails, waiting_while_off
from helpdesk.mail_out.models import SECRET_KINDS, OutboundMail
from helpdesk.mail_out.wording import FILTERS

SHOWN_BYTES = 200_000

web = Blueprint("mail_out", __name__, template_folder="templates")
for words in FILTERS:
    web.add_app_template_filter(words)


@web.record_once
def _tell_every_page(state: Any) -> None:
    state.app.jinja_env.globals["waiting_while_off"] = waiting_while_off


class DiscardForm(Form):
    """Why a mail is not to be sent."""

    reason = StringField(_l("Reason"), render_kw={"required": True, "maxlength": by_hand.REASON_MAX})


@web.get("/settings/outbox")
def outbox() -> str:
    """The mails in one state, those that failed first."""
    numbers = counts()
    first = next((view for view in VIEWS if numbers.get(view, "0") != "0"), "failed")
    view = request.args.get("show") or first
    if view not in VIEWS:
        raise InvalidInput(_("There is no such list."))
    page = mails(view, request.args.get("after"))
    return render_template("mail_out/outbox.html", page=page, view=view, views=VIEWS, counts=numbers)


@web.get("/settings/outbox/<int:mail_id>")
def mail(mail_id: int) -> str:
    """One mail: its recipients and what became of each, its words, its source."""
    return _page(mail_by_id(mail_id), DiscardForm())


@web.get("/settings/outbox/<int:mail_id>/source")
def source(mail_id: int) -> Response:
    """The very bytes that left, as a file."""
    response = Response(_source(mail_by_id(mail_id)), mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="mail-{mail_id}.eml"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@web.post("/settings/outbox/<int:mail_id>/try-again")
def try_again(mail_id: int) -> Any:
    """Due now."""
    by_hand.try_again(mail_by_id(mail_id), by=current_user)
    flash(_("The mail is being sent again."))
    return redirect(url_for("mail_out.mail", mail_id=mail_id))


@web.post("/settings/outbox/<int:mail_id>/discard")
def discard(mail_id: int) -> Any:
    """Not to be sent, with a reason."""
    form, found = DiscardForm(), mail_by_id(mail_id)
    try:
        by_hand.discard(found, form.reason.data or "", by=current_user)
    except InvalidInput as error:
        form.show_refusal(error)
        return _page(found, form), error.http_status
    flash(_("The mail was discarded."))
    return redirect(url_for("mail_out.mail", mail_id=mail_id))


def _page(found: OutboundMail, form: DiscardForm) -> str:
    text = None
    secret = found.kind in SECRET_KINDS
    if found.raw_sha256 and not secret:
        try:
            text = _source(found)[:SHOWN_BYTES].decode("utf-8", "replace")
        except FileLost as lost:
            current_app.logger.error("The bytes of outbound mail %s are not in the store", found.id)
            text = str(lost)
    return render_template("mail_out/mail.html", mail=found, form=form, text=text, secret=secret, shown=SHOWN_BYTES)


def _source(found: OutboundMail) -> bytes:
    """Raises NotMadeYet, FileLost, and NotAllowed for what only its recipient may read."""
    if found.kind in SECRET_KINDS:
        raise NotAllowed()
    if found.raw_sha256 is None:
        raise NotMadeYet()
    try:
        return store.get(found.raw_sha256)
    except FileNotFoundError:
        raise FileLost()
