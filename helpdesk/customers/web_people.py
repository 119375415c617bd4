"""Pages for who is at a customer and how to reach them. Each change: fetch guarded, act, back to the record."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from helpdesk.core.errors import InvalidInput
from helpdesk.core.i18n import _
from helpdesk.customers.access import address_by_id, contact_by_id, customer_by_id, point_by_id
from helpdesk.customers.addresses import add_address, edit_address, remove_address
from helpdesk.customers.contacts import add_contact, come_back, edit_contact, leave
from helpdesk.customers.errors import EditedMeanwhile
from helpdesk.customers.forms import AddressForm, ContactForm, NewContactForm, PointForm
from helpdesk.customers.models import Contact, ContactPoint, Customer, PostalAddress
from helpdesk.customers.move import move
from helpdesk.customers.points import add_point, remove_point
from helpdesk.customers.record import points_of
from helpdesk.customers.register import customers
from helpdesk.customers.web import edit_page, saved, web

CHOICES = 10


def to_record(customer_id: int, sentence: str = "") -> Any:
    """Back to the customer's page, with a notice."""
    if sentence:
        flash(sentence)
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


@web.get("/customers/<int:customer_id>/contacts/new")
def new_contact(customer_id: int) -> str:
    customer = customer_by_id(current_user, customer_id)
    return render_template("customers/contact_new.html", customer=customer, form=NewContactForm())


@web.post("/customers/<int:customer_id>/contacts/new")
def create_contact(customer_id: int) -> Any:
    customer, form = customer_by_id(current_user, customer_id), NewContactForm()
    try:
        contact = add_contact(customer, request.form, by=current_user)
    except InvalidInput as refusal:
        form.show_refusal(refusal)
        page = render_template("customers/contact_new.html", customer=customer, form=form, refusal=refusal)
        return page, refusal.http_status
    return to_record(customer_id, _("%(name)s is with them now.", name=contact.name))


@web.get("/customers/contacts/<int:contact_id>")
def contact(contact_id: int) -> str:
    """A contact to be changed, with their e-mail addresses and phone numbers."""
    return contact_page(contact_by_id(current_user, contact_id))


@web.post("/customers/contacts/<int:contact_id>")
def change_contact(contact_id: int) -> Any:
    found = contact_by_id(current_user, contact_id)
    done = saved(ContactForm(), found, edit_contact, lambda **parts: contact_page(found, **parts))
    return done or to_record(found.customer_id)


def contact_page(found: Contact, *, point_form: PointForm | None = None, **parts: Any) -> str:
    """The page of a contact."""
    parts = {"form": ContactForm(obj=found), "version": found.version, **parts}
    return render_template(
        "customers/contact.html",
        contact=found,
        customer=customer_by_id(current_user, found.customer_id),
        points=points_of(found),
        point_form=point_form or PointForm(formdata=None),
        **parts,
    )


@web.post("/customers/contacts/<int:contact_id>/leave")
def contact_left(contact_id: int) -> Any:
    found = contact_by_id(current_user, contact_id)
    leave(found, by=current_user)
    return to_record(found.customer_id, _("%(name)s is marked as gone.", name=found.name))


@web.post("/customers/contacts/<int:contact_id>/come-back")
def contact_is_back(contact_id: int) -> Any:
    found = contact_by_id(current_user, contact_id)
    come_back(found, by=current_user)
    return to_record(found.customer_id, _("%(name)s is with them again.", name=found.name))


@web.get("/customers/contacts/<int:contact_id>/move")
def choose_customer(contact_id: int) -> str:
    """Where to? The customers that a search finds, one to be chosen."""
    return move_page(contact_by_id(current_user, contact_id))


@web.post("/customers/contacts/<int:contact_id>/move")
def move_contact(contact_id: int) -> Any:
    found = contact_by_id(current_user, contact_id)
    to_id = request.form.get("to", 0, type=int)
    if not to_id:
        return move_page(found, problem=_("Please choose a customer.")), 400
    to = customer_by_id(current_user, to_id)
    try:
        move(found, request.form.get("version", 0, type=int), to, by=current_user)
    except EditedMeanwhile as meanwhile:
        return move_page(found, problem=meanwhile.sentence), meanwhile.http_status
    return to_record(to.id, _("%(name)s is with %(customer)s now.", name=found.name, customer=to.name))


def move_page(found: Contact, problem: Any = "") -> str:
    """The search and its customers."""
    search = request.values.get("q", "")[:200]
    rows = customers(search=search, size=CHOICES).rows if search.strip() else []
    choices = [row for row in rows if row.customer.id != found.customer_id]
    here = customer_by_id(current_user, found.customer_id)
    return render_template(
        "customers/move.html", contact=found, customer=here, searched=search, choices=choices, problem=problem
    )


@web.post("/customers/<int:customer_id>/points")
def create_point(customer_id: int) -> Any:
    """An e-mail address or phone number of the customer as such; what has an @ is an address."""
    customer = customer_by_id(current_user, customer_id)
    return _add(customer, None, lambda form: edit_page(customer, point_form=form))


@web.post("/customers/contacts/<int:contact_id>/points")
def create_contact_point(contact_id: int) -> Any:
    """An e-mail address or phone number of a contact."""
    found = contact_by_id(current_user, contact_id)
    customer = customer_by_id(current_user, found.customer_id)
    return _add(customer, found, lambda form: contact_page(found, point_form=form))


def _add(customer: Customer, found: Contact | None, page: Any) -> Any:
    form = PointForm()
    typed = request.form.get("value", "")
    try:
        add_point(customer, found, "email" if "@" in typed else "phone", typed, by=current_user)
    except InvalidInput as refusal:
        form.show_refusal(refusal)
        return page(form), refusal.http_status
    return _back_to_form(customer.id, found.id if found else None, _("Added."))


@web.post("/customers/points/<int:point_id>/remove")
def remove_contact_point(point_id: int) -> Any:
    point: ContactPoint = point_by_id(current_user, point_id)
    remove_point(point, by=current_user)
    return _back_to_form(point.customer_id, point.contact_id, _("Removed."))


def _back_to_form(customer_id: int, contact_id: int | None, sentence: str) -> Any:
    flash(sentence)
    if contact_id is None:
        return redirect(url_for("customers.edit_form", customer_id=customer_id), 303)
    return redirect(url_for("customers.contact", contact_id=contact_id), 303)


@web.get("/customers/<int:customer_id>/addresses/new")
def new_address(customer_id: int) -> str:
    return address_page(customer_by_id(current_user, customer_id), None)


@web.post("/customers/<int:customer_id>/addresses/new")
def create_address(customer_id: int) -> Any:
    customer, form = customer_by_id(current_user, customer_id), AddressForm()
    try:
        add_address(customer, request.form, by=current_user)
    except InvalidInput as refusal:
        form.show_refusal(refusal)
        return address_page(customer, None, form=form, refusal=refusal), refusal.http_status
    return to_record(customer_id, _("Saved."))


@web.get("/customers/addresses/<int:address_id>")
def address(address_id: int) -> str:
    found = address_by_id(current_user, address_id)
    return address_page(customer_by_id(current_user, found.customer_id), found)


@web.post("/customers/addresses/<int:address_id>")
def change_address(address_id: int) -> Any:
    found = address_by_id(current_user, address_id)
    customer = customer_by_id(current_user, found.customer_id)
    done = saved(AddressForm(), found, edit_address, lambda **parts: address_page(customer, found, **parts))
    return done or to_record(customer.id)


@web.post("/customers/addresses/<int:address_id>/remove")
def forget_address(address_id: int) -> Any:
    found = address_by_id(current_user, address_id)
    remove_address(found, by=current_user)
    return to_record(found.customer_id, _("Removed."))


def address_page(customer: Customer, found: PostalAddress | None, **parts: Any) -> str:
    """The form of a new or known address."""
    parts = {"form": AddressForm(obj=found), "version": found.version if found else 0, **parts}
    return render_template("customers/address.html", customer=customer, address=found, **parts)
