"""Settings about mailboxes."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.core import secret_box
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.core.i18n import _
from helpdesk.core.jobs import wake
from helpdesk.mail_in.doors.imap_trouble import MailboxTrouble
from helpdesk.mail_in.forms import MailboxForm
from helpdesk.mail_in.listing import balances
from helpdesk.mail_in.mailbox_settings import add_mailbox, change_mailbox, try_out
from helpdesk.mail_in.models import Mailbox
from helpdesk.mail_in.poll import POLL
from helpdesk.mail_in.web import web


@web.get("/settings/mailboxes")
def mailboxes() -> str:
    """Every mailbox: when it was looked at, what is wrong, and whether its numbers balance."""
    query = select(Mailbox).options(joinedload(Mailbox.queue)).order_by(Mailbox.active.desc(), Mailbox.name, Mailbox.id)
    rows = list(db.session.scalars(query))
    return render_template("mail_in/mailboxes.html", mailboxes=rows, balances=balances(rows))


@web.get("/settings/mailboxes/new")
def new_mailbox() -> str:
    """The form for a new mailbox."""
    return _page(MailboxForm(), None)


@web.post("/settings/mailboxes/new")
def add() -> Any:
    """Add a mailbox, or only try it out: the button says which."""
    form = MailboxForm().offer_queues()
    if "test" in request.form:
        return _tested(form, None)
    try:
        mailbox = add_mailbox(form.fields(), form.password.data or "", by=current_user)
    except InvalidInput as error:
        return _refused(form, None, error)
    flash(_("%(name)s is being looked at now.", name=mailbox.name))
    return redirect(url_for("mail_in.mailboxes"))


@web.get("/settings/mailboxes/<int:mailbox_id>")
def mailbox(mailbox_id: int) -> str:
    """One mailbox."""
    found = _mailbox(mailbox_id)
    return _page(MailboxForm(obj=found), found)


@web.post("/settings/mailboxes/<int:mailbox_id>")
def change(mailbox_id: int) -> Any:
    """Save a mailbox, or only try it out."""
    form, found = MailboxForm().offer_queues(), _mailbox(mailbox_id)
    if "test" in request.form:
        return _tested(form, found)
    try:
        change_mailbox(found, form.fields(), form.password.data or "", by=current_user)
    except InvalidInput as error:
        return _refused(form, found, error)
    flash(_("Saved."))
    return redirect(url_for("mail_in.mailboxes"))


@web.post("/settings/mailboxes/<int:mailbox_id>/poll")
def poll_now(mailbox_id: int) -> Any:
    """Have a worker look at once."""
    found = _mailbox(mailbox_id)
    if wake(POLL, found.id):
        flash(_("%(name)s is being looked at now.", name=found.name))
    else:
        flash(_("No worker could be told. The mailbox is looked at again within a minute of its return."), "error")
    return redirect(url_for("mail_in.mailboxes"))


def _mailbox(mailbox_id: int) -> Mailbox:
    found = db.session.get(Mailbox, mailbox_id)
    if found is None:
        raise NotFound()
    return found


def _tested(form: MailboxForm, found: Mailbox | None) -> tuple[str, int]:
    """The form as it was typed, with what the server said. A stored password goes to its own server only."""
    fields, password = form.fields(), form.password.data or ""
    db.session.rollback()
    try:
        if not password and found is not None and fields.host.lower() == found.host.lower():
            password = secret_box.unlock(found.secret)
        words = try_out(fields, password)
    except InvalidInput as error:
        return _refused(form, found, error)
    except (MailboxTrouble, HelpdeskError) as trouble:
        return _page(form, found, trouble=str(trouble)), trouble.http_status
    return _page(form, found, found_out=words), 200


def _refused(form: MailboxForm, found: Mailbox | None, error: InvalidInput) -> tuple[str, int]:
    form.show_refusal(error)
    return _page(form, found), error.http_status


def _page(form: MailboxForm, found: Mailbox | None, **more: str) -> str:
    return render_template("mail_in/mailbox.html", form=form.offer_queues(), mailbox=found, **more)
