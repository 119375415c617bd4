"""Pages of the register: the list, a record, a new customer, a change. Who is there: web_people.py."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import _
from helpdesk.core.looks import wants_fragment
from helpdesk.customers import wording
from helpdesk.customers.access import customer_by_id
from helpdesk.customers.create import create
from helpdesk.customers.edit import edit
from helpdesk.customers.errors import EditedMeanwhile
from helpdesk.customers.forms import CustomerForm, NewCustomerForm, PointForm
from helpdesk.customers.models import Customer
from helpdesk.customers.record import record_of
from helpdesk.customers.register import customers
from helpdesk.customers.stage import change_stage
from helpdesk.customers.timeline import timeline

web = Blueprint("customers", __name__, template_folder="templates")
for words in wording.FILTERS:
    web.add_app_template_filter(words)


@web.get("/customers")
def index() -> str:
    """The list; for htmx its rows alone."""
    asked = {name: request.args.get(name, "")[:200] for name in ("stage", "kind", "q")}
    listing = customers(
        stage=asked["stage"], kind=asked["kind"], search=asked["q"], after=request.args.get("after") or None
    )
    here = {name: value for name, value in asked.items() if value}
    template = "customers/_rows.html" if wants_fragment("li#more") else "customers/index.html"
    return render_template(template, listing=listing, here=here, stages=wording.STAGES_WORDS, kinds=wording.KIND_WORDS)


@web.get("/customers/<int:customer_id>")
def show(customer_id: int) -> str:
    """A customer's record; for htmx older lines of the timeline."""
    customer = customer_by_id(current_user, customer_id)
    told = timeline(customer.id, request.args.get("before") or None)
    if wants_fragment("li#more"):
        return render_template("customers/_timeline.html", customer=customer, timeline=told)
    everybody = request.args.get("contacts") == "all"
    record = record_of(customer, everybody=everybody)
    return render_template(
        "customers/show.html", customer=customer, record=record, timeline=told, stages=wording.STAGE_WORDS
    )


@web.get("/customers/new")
def new() -> str:
    """The form for a customer whom nobody has written in."""
    typed = {"name": request.args.get("name", "")[:300]}
    return render_template("customers/new.html", form=NewCustomerForm(data=typed))


@web.post("/customers/new")
def create_customer() -> Any:
    """Write them in, and open the record."""
    form = NewCustomerForm()
    try:
        customer = create(request.form, by=current_user)
    except InvalidInput as refusal:
        form.show_refusal(refusal)
        return render_template("customers/new.html", form=form, refusal=refusal), refusal.http_status
    flash(_("%(name)s is in the register.", name=customer.name))
    return redirect(url_for("customers.show", customer_id=customer.id), 303)


@web.get("/customers/<int:customer_id>/edit")
def edit_form(customer_id: int) -> str:
    """What the register says of the customer, to be changed."""
    return edit_page(customer_by_id(current_user, customer_id))


@web.post("/customers/<int:customer_id>/edit")
def edit_customer(customer_id: int) -> Any:
    """Save, or show what a colleague has changed in between."""
    customer = customer_by_id(current_user, customer_id)
    done = saved(CustomerForm(), customer, edit, lambda **parts: edit_page(customer, **parts))
    return done or redirect(url_for("customers.show", customer_id=customer_id), 303)


def edit_page(customer: Customer, *, point_form: PointForm | None = None, **parts: Any) -> str:
    """The page of the form, with the customer's own e-mail addresses and phone numbers below."""
    parts = {"form": CustomerForm(obj=customer), "version": customer.version, **parts}
    return render_template(
        "customers/edit.html",
        customer=customer,
        points=record_of(customer).points,
        point_form=point_form or PointForm(formdata=None),
        **parts,
    )


@web.post("/customers/<int:customer_id>/stage")
def set_stage(customer_id: int) -> Any:
    """Move the customer on, or back."""
    change_stage(customer_by_id(current_user, customer_id), request.form.get("stage", ""), by=current_user)
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def saved(form: Any, thing: Any, act: Callable[..., None], page: Callable[..., str]) -> Any:
    """Let `act` save what was typed; None when it did, else `page` with what stands in the way.

    Where a person has chosen between their words and a colleague's, theirs count as typed; the choice holds for the
    version that they were shown, and for no later one.
    """
    version = request.form.get("version", 0, type=int)
    typed: Mapping[str, str] = request.form
    clashing = request.form.getlist("clash")
    if clashing and all(request.form.get(f"take-{name}") in ("mine", "theirs") for name in clashing):
        version = request.form.get("shown_version", version, type=int)
        theirs = [name for name in clashing if request.form[f"take-{name}"] == "theirs" and name in form]
        typed = {**request.form, **{name: getattr(thing, name) or "" for name in theirs}}
    try:
        act(thing, version, typed, by=current_user)
    except EditedMeanwhile as clash:
        return page(form=form, version=version, meanwhile=clash), clash.http_status
    except InvalidInput as refusal:
        form.show_refusal(refusal)
        return page(form=form, version=version, refusal=refusal), refusal.http_status
    flash(_("Saved."))
    return None
