"""Settings about queues."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from wtforms import BooleanField, EmailField, RadioField, StringField

from helpdesk.cases.models import Queue
from helpdesk.cases.queue_settings import COLOURS, QueueFields, add_queue, change_queue
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput, NotFound
from helpdesk.core.forms import Form
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l

web = Blueprint("queues", __name__, template_folder="templates")

COLOUR_NAMES = {
    1: _l("Teal"),
    2: _l("Orange"),
    3: _l("Indigo"),
    4: _l("Blue"),
    5: _l("Amber"),
    6: _l("Violet"),
    7: _l("Red"),
    8: _l("Green"),
    9: _l("Pink"),
    10: _l("Brown"),
    11: _l("Petrol"),
    12: _l("Grey"),
}


class QueueForm(Form):
    """What add_queue() and change_queue() judge."""

    name = StringField(_l("Name"), render_kw={"required": True, "maxlength": 100, "autocomplete": "off"})
    address = EmailField(
        _l("E-mail address"),
        description=_l("Mail to this address opens cases here, and answers come from it."),
        render_kw={"required": True, "maxlength": 320, "autocomplete": "off"},
    )
    colour = RadioField(_l("Colour"), coerce=int, default=1, choices=[(n, COLOUR_NAMES[n]) for n in COLOURS])
    confirms = BooleanField(_l("Confirm inquiries that come by the contact form"), default=True)
    plus_addresses = BooleanField(
        _l("The mail server delivers name+anything@ here too"),
        description=_l("Answers then ask for replies to an address of their own, which finds the case for certain."),
    )
    active = BooleanField(_l("Takes in new cases"), default=True)

    def fields(self) -> QueueFields:
        """What was typed and ticked."""
        return QueueFields(
            name=self.name.data or "",
            address=self.address.data or "",
            colour=0 if self.colour.process_errors else self.colour.data or 0,
            confirms=self.confirms.data,
            plus_addresses=self.plus_addresses.data,
            active=self.active.data,
        )


@web.get("/settings/queues")
def index() -> str:
    """Every queue, those that take nothing in last."""
    queues = db.session.scalars(select(Queue).order_by(Queue.active.desc(), Queue.name)).all()
    return render_template("queues/index.html", queues=queues)


@web.get("/settings/queues/new")
def new() -> str:
    """The form for a new queue."""
    return render_template("queues/edit.html", queue=None, form=QueueForm())


@web.post("/settings/queues/new")
def add() -> Any:
    """Add a queue."""
    form = QueueForm()
    try:
        queue = add_queue(form.fields(), by=current_user)
    except InvalidInput as error:
        return _again(form, None, error)
    flash(_("The queue %(name)s is ready.", name=queue.name))
    return redirect(url_for("queues.index"))


@web.get("/settings/queues/<int:queue_id>")
def edit(queue_id: int) -> str:
    """One queue."""
    queue = _queue(queue_id)
    return render_template("queues/edit.html", queue=queue, form=QueueForm(obj=queue))


@web.post("/settings/queues/<int:queue_id>")
def change(queue_id: int) -> Any:
    """Save a queue."""
    form, queue = QueueForm(), _queue(queue_id)
    try:
        change_queue(queue, form.fields(), by=current_user)
    except InvalidInput as error:
        return _again(form, queue, error)
    flash(_("Saved."))
    return redirect(url_for("queues.index"))


def _queue(queue_id: int) -> Queue:
    found = db.session.get(Queue, queue_id)
    if found is None:
        raise NotFound()
    return found


def _again(form: QueueForm, queue: Queue | None, error: InvalidInput) -> tuple[str, int]:
    form.show_refusal(error)
    return render_template("queues/edit.html", queue=queue, form=form), error.http_status
