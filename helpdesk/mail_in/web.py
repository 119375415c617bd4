"""The ledger of incoming mail: what waits for a person first, then all of it; each mail with its source."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from helpdesk.blobs.serve import FileLost
from helpdesk.blobs.store import get
from helpdesk.cases.access import case_for
from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import _
from helpdesk.mail_in import discard as discarding
from helpdesk.mail_in.errors import NeedsAReason
from helpdesk.mail_in.forms import DiscardForm, LetInForm
from helpdesk.mail_in.let_in import MAY_COME_IN, let_in
from helpdesk.mail_in.listing import Filters, ledger_page, needs_a_person
from helpdesk.mail_in.models import DOORS, OUTCOMES, InboundMail
from helpdesk.mail_in.retry import retry
from helpdesk.mail_in.wording import FILTERS
from helpdesk.mail_reading.as_json import as_json
from helpdesk.mail_reading.safely import read_safely

SHOWN_BYTES = 200_000

web = Blueprint("mail_in", __name__, template_folder="templates")
for words in FILTERS:
    web.add_app_template_filter(words)


@web.get("/settings/incoming")
def ledger() -> str:
    """Held and unreadable mail first; then every mail, newest first, by the filters asked for."""
    filters, after = Filters.of(request.args), request.args.get("after")
    queues = db.session.scalars(select(Queue).order_by(Queue.name)).all()
    return render_template(
        "mail_in/ledger.html",
        page=ledger_page(filters, after),
        urgent=[] if filters.are_set or after else needs_a_person(),
        filters=filters,
        queues=queues,
        doors=DOORS,
        outcomes=OUTCOMES,
    )


@web.get("/settings/incoming/<int:row_id>")
def mail(row_id: int) -> str:
    """One mail: what became of it and why, what a person may do, and its source."""
    return _page(_row(row_id))


@web.get("/settings/incoming/<int:row_id>/read")
def as_read(row_id: int) -> str:
    """What the reader makes of the mail now, field by field."""
    row = _row(row_id)
    understood = as_json(read_safely(_source(row)), "")
    return render_template("mail_in/as_read.html", row=row, understood=understood)


@web.get("/settings/incoming/<int:row_id>/source")
def source(row_id: int) -> Response:
    """The very bytes that came, as a file."""
    response = Response(_source(_row(row_id)), mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="incoming-{row_id}.eml"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@web.post("/settings/incoming/<int:row_id>/retry")
def try_again(row_id: int) -> Any:
    """Read it anew."""
    retry(_row(row_id), by=current_user)
    flash(_("The mail is being read again."))
    return _back(row_id)


@web.post("/settings/incoming/<int:row_id>/discard")
def discard(row_id: int) -> Any:
    """Refuse it, with a reason."""
    form, row = DiscardForm(), _row(row_id)
    try:
        discarding.discard(row, form.reason.data or "", by=current_user)
    except NeedsAReason as refusal:
        form.reason.errors = [str(refusal)]
        return _page(row, discard_form=form), refusal.http_status
    undo = url_for("mail_in.undiscard", row_id=row_id)
    flash({"text": _("The mail was discarded. Its bytes are kept."), "undo": undo})  # type: ignore[arg-type]
    return _back(row_id)


@web.post("/settings/incoming/<int:row_id>/undiscard")
def undiscard(row_id: int) -> Any:
    """Take that back."""
    discarding.undiscard(_row(row_id), by=current_user)
    flash(_("The mail is back where it was."))
    return _back(row_id)


@web.post("/settings/incoming/<int:row_id>/new-case")
def make_case(row_id: int) -> Any:
    """A case of its own."""
    row = let_in(_row(row_id), by=current_user)
    return _let_in(row)


@web.post("/settings/incoming/<int:row_id>/onto-case")
def put_on_case(row_id: int) -> Any:
    """Onto the case whose number was typed."""
    form, row = LetInForm(), _row(row_id)
    try:
        case = case_for(current_user, form.number.data or 0)
    except NotFound as refusal:
        form.number.errors = [_("There is no case with this number.")]
        return _page(row, let_in_form=form), refusal.http_status
    row = let_in(row, by=current_user, case=case.merged_into or case)
    return _let_in(row)


def _let_in(row: InboundMail) -> Any:
    number = row.case.number if row.case else ""
    flash(_("The mail is on case #%(number)s.", number=number))
    return _back(row.id)


def _back(row_id: int) -> Any:
    return redirect(url_for("mail_in.mail", row_id=row_id))


def _row(row_id: int) -> InboundMail:
    found = db.session.get(InboundMail, row_id)
    if found is None:
        raise NotFound()
    return found


def _source(row: InboundMail) -> bytes:
    """Raises FileLost."""
    try:
        return get(row.raw_sha256)
    except FileNotFoundError:
        raise FileLost()


def _page(row: InboundMail, **forms: Any) -> str:
    try:
        text = _source(row)[:SHOWN_BYTES].decode("utf-8", "replace")
    except FileLost as lost:
        text = str(lost)
    forms = {"discard_form": DiscardForm(), "let_in_form": LetInForm()} | forms
    free = row.is_free and row.rule != "too_large"
    return render_template(
        "mail_in/mail.html",
        row=row,
        text=text,
        shown_bytes=SHOWN_BYTES,
        is_free=free,
        may_come_in=free and row.outcome in MAY_COME_IN,
        **forms,
    )
