"""Writing in, changing, moving: what holds, what is refused, and what two people at once come to."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput, NotFound
from helpdesk.customers.access import contact_by_id, customer_by_id
from helpdesk.customers.addresses import add_address, edit_address, remove_address
from helpdesk.customers.contacts import add_contact, come_back, edit_contact, leave
from helpdesk.customers.create import create
from helpdesk.customers.edit import edit
from helpdesk.customers.errors import AlreadyThere, EditedMeanwhile, Taken
from helpdesk.customers.match import customer_for
from helpdesk.customers.models import Contact, ContactPoint, Customer
from helpdesk.customers.move import move
from helpdesk.customers.points import add_point, remove_point
from helpdesk.customers.stage import change_stage
from helpdesk.customers.timeline import timeline
from tests.customers.test_match import together

MakeCustomer = Callable[..., Customer]


def typed_of(customer: Customer, **changes: str) -> dict[str, str]:
    fields = ("kind", "name", "org_no", "industry", "website", "language", "about")
    return {name: getattr(customer, name) or "" for name in fields} | changes


def audits(subject: str) -> list[tuple[str, dict[str, Any]]]:
    query = select(AuditEntry.action, AuditEntry.change).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
    return [(row.action, row.change) for row in db.session.execute(query)]


def points(customer: Customer) -> set[tuple[str, str, int | None]]:
    query = select(ContactPoint.kind, ContactPoint.value, ContactPoint.contact_id)
    return {tuple(row) for row in db.session.execute(query.where(ContactPoint.customer_id == customer.id))}


def test_a_company_is_written_in_with_its_own_address_and_number(nordvik: Customer):
    assert (nordvik.kind, nordvik.org_no, nordvik.stage) == ("company", "974760673", "customer")
    assert points(nordvik) == {("email", "post@nordvik.no", None), ("phone", "+4722334455", None)}
    assert [action for action, _change in audits("customer")] == ["created"]


def test_a_private_person_is_their_own_contact(make_customer: MakeCustomer):
    kari = make_customer("Kari Nordmann", kind="person", email="Kari@Gmail.com", stage="prospect")
    (contact,) = db.session.scalars(select(Contact).where(Contact.customer_id == kari.id)).all()
    assert contact.name == "Kari Nordmann"
    assert points(kari) == {("email", "kari@gmail.com", contact.id)}
    assert customer_for("kari@gmail.com", "").contact == contact


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \t "),
        ("name", "x" * 301),
        ("kind", "robot"),
        ("stage", ""),
        ("org_no", "974760674"),
        ("org_no", "12345"),
        ("website", "javascript:alert(1)"),
        ("website", "http://[bad"),
        ("language", "klingon"),
        ("email", "not an address"),
        ("phone", "call me"),
        ("about", "x" * 10_001),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(app: Flask, ada: Agent, field: str, value: str):
    typed = {"kind": "company", "stage": "prospect", "name": "Solheim AS", field: value}
    with pytest.raises(InvalidInput) as refused:
        create(typed, by=ada)
    assert set(refused.value.fields) == {field}
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0


def test_every_wrong_field_is_said_at_once(app: Flask, ada: Agent):
    with pytest.raises(InvalidInput) as refused:
        create({"kind": "", "stage": "x", "name": "", "org_no": "1"}, by=ada)
    assert set(refused.value.fields) == {"kind", "stage", "name", "org_no"}


def test_an_organisation_number_is_one_companys(nordvik: Customer, make_customer: MakeCustomer):
    with pytest.raises(Taken) as refused:
        make_customer("Nordvik Two", org_no="NO974760673MVA")
    assert (refused.value.field, refused.value.customer_id) == ("org_no", nordvik.id)


def test_an_address_that_somebody_has_is_refused_with_their_name(per: Contact, make_customer: MakeCustomer, ada: Agent):
    solheim = make_customer("Solheim AS")
    with pytest.raises(Taken) as refused:
        add_point(solheim, None, "email", "PER@nordvik.no", by=ada)
    assert refused.value.customer_id == per.customer_id
    assert str(refused.value.fields["value"]) == "Per Ås, Nordvik Bygg AS has this already."
    with pytest.raises(Taken) as refused:
        make_customer("Hansen AS", email="post@nordvik.no")
    assert refused.value.field == "email"
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 2


def test_two_who_add_one_address_at_the_same_moment_end_with_one(make_customer: MakeCustomer, app: Flask, ada: Agent):
    ids = [make_customer(name).id for name in ("One AS", "Two AS", "Three AS")]
    ada_id = ada.id

    def add(customer_id: int) -> Callable[[], Any]:
        def work() -> int:
            by = db.session.get_one(Agent, ada_id)
            return add_point(customer_by_id(by, customer_id), None, "email", "hello@shared.no", by=by).id

        return work

    results = together(app, [add(one) for one in ids])
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, Taken) for result in results) == 2


def test_an_edit_is_saved_and_leaves_one_row_of_audit(nordvik: Customer, kim: Agent):
    edit(nordvik, 1, typed_of(nordvik, industry="Construction", website="nordvik.no"), by=kim)
    assert (nordvik.industry, nordvik.website, nordvik.version) == ("Construction", "https://nordvik.no", 2)
    action, change = audits("customer")[-1]
    assert action == "changed"
    assert change == {"industry": ["", "Construction"], "website": ["", "https://nordvik.no"], "version": [1, 2]}


def test_saving_what_was_there_changes_nothing(nordvik: Customer, kim: Agent):
    edit(nordvik, 1, typed_of(nordvik), by=kim)
    assert nordvik.version == 1
    assert len(audits("customer")) == 1


def test_the_second_to_save_is_shown_the_difference_and_nothing_is_overwritten(
    nordvik: Customer, ada: Agent, kim: Agent
):
    edit(nordvik, 1, typed_of(nordvik, industry="Construction", about="Pays late"), by=ada)
    mine = typed_of(nordvik, industry="Building", about="", website="nordvik.no")
    with pytest.raises(EditedMeanwhile) as refused:
        edit(nordvik, 1, mine, by=kim)
    industry, about = sorted(refused.value.clashes, key=lambda clash: clash.field, reverse=True)
    assert (industry.mine, industry.theirs, industry.before, industry.who) == ("Building", "Construction", "", "Ada")
    assert not industry.untouched
    assert (about.field, about.untouched) == ("about", True)
    db.session.refresh(nordvik)
    assert (nordvik.industry, nordvik.website, nordvik.version) == ("Construction", "", 2)
    edit(nordvik, refused.value.version, mine | {"about": "Pays late"}, by=kim)
    assert (nordvik.industry, nordvik.about, nordvik.website) == ("Building", "Pays late", "https://nordvik.no")


def test_a_colleague_who_wrote_the_same_is_no_obstacle(nordvik: Customer, ada: Agent, kim: Agent):
    typed = typed_of(nordvik, industry="Construction")
    edit(nordvik, 1, typed, by=ada)
    edit(nordvik, 1, typed, by=kim)
    assert nordvik.version == 2


def test_of_many_edits_at_the_same_moment_one_wins_and_the_others_see_it(nordvik: Customer, app: Flask, ada: Agent):
    customer_id, ada_id = nordvik.id, ada.id

    def save(industry: str) -> Callable[[], Any]:
        def work() -> str:
            by = db.session.get_one(Agent, ada_id)
            customer = customer_by_id(by, customer_id)
            edit(customer, 1, typed_of(customer, industry=industry), by=by)
            return industry

        return work

    results = together(app, [save(f"Industry {n}") for n in range(6)])
    winners = [result for result in results if isinstance(result, str)]
    losers = [result for result in results if isinstance(result, EditedMeanwhile)]
    assert (len(winners), len(losers)) == (1, 5)
    assert {loser.clashes[0].theirs for loser in losers} == set(winners)
    db.session.refresh(nordvik)
    assert (nordvik.industry, nordvik.version) == (winners[0], 2)
    assert len(audits("customer")) == 2


def test_a_stage_is_changed_audited_and_told_on_the_timeline(nordvik: Customer, ada: Agent):
    change_stage(nordvik, "former", by=ada)
    change_stage(nordvik, "former", by=ada)
    assert audits("customer")[1:] == [("moved to stage", {"stage": ["customer", "former"]})]
    (line,) = timeline(nordvik.id).lines
    assert line.entries[0].data == {"before": "customer", "after": "former"}
    with pytest.raises(InvalidInput):
        change_stage(nordvik, "friend", by=ada)


def test_a_contact_is_changed_and_a_colleagues_change_is_seen(per: Contact, ada: Agent, kim: Agent):
    edit_contact(per, 1, {"name": "Per Ås", "position": "Manager"}, by=ada)
    with pytest.raises(EditedMeanwhile) as refused:
        edit_contact(per, 1, {"name": "Per Aas", "position": "Site manager"}, by=kim)
    assert [(clash.field, clash.untouched) for clash in refused.value.clashes] == [("position", True)]
    edit_contact(per, refused.value.version, {"name": "Per Aas", "position": "Manager"}, by=kim)
    assert (per.name, per.position, per.version) == ("Per Aas", "Manager", 3)


def test_a_contact_leaves_and_comes_back_and_mail_still_finds_them(per: Contact, ada: Agent):
    leave(per, by=ada)
    leave(per, by=ada)
    assert per.left_at is not None
    assert customer_for("per@nordvik.no", "").contact == per
    come_back(per, by=ada)
    assert per.left_at is None
    assert [action for action, _change in audits("contact")] == ["added", "left", "came back"]


def test_a_moved_contact_takes_their_addresses_along_and_both_timelines_say_so(
    per: Contact, nordvik: Customer, make_customer: MakeCustomer, ada: Agent
):
    solheim = make_customer("Solheim AS")
    leave(per, by=ada)
    move(per, per.version, solheim, by=ada)
    assert (per.customer_id, per.left_at) == (solheim.id, None)
    assert points(solheim) == {("email", "per@nordvik.no", per.id)}
    assert customer_for("per@nordvik.no", "").customer == solheim
    assert timeline(nordvik.id).lines[0].entries[0].kind == "moved_away"
    assert timeline(solheim.id).lines[0].entries[0].data["from_name"] == "Nordvik Bygg AS"
    assert audits("contact")[-1] == ("moved", {"customer_id": [nordvik.id, solheim.id], "version": [1, 2]})
    with pytest.raises(AlreadyThere):
        move(per, 2, solheim, by=ada)


def test_of_two_moves_at_the_same_moment_one_wins(per: Contact, make_customer: MakeCustomer, app: Flask, ada: Agent):
    targets, per_id, ada_id = [make_customer(name).id for name in ("One AS", "Two AS")], per.id, ada.id

    def go(to_id: int) -> Callable[[], Any]:
        def work() -> int:
            by = db.session.get_one(Agent, ada_id)
            move(contact_by_id(by, per_id), 1, customer_by_id(by, to_id), by=by)
            return to_id

        return work

    results = together(app, [go(one) for one in targets])
    (winner,) = [result for result in results if isinstance(result, int)]
    assert sum(isinstance(result, EditedMeanwhile) for result in results) == 1
    db.session.refresh(per)
    assert per.customer_id == winner


def test_a_removed_address_is_a_strangers(per: Contact, ada: Agent):
    point = add_point(customer_by_id(ada, per.customer_id), per, "email", "per.aas@gmail.com", by=ada)
    remove_point(point, by=ada)
    assert customer_for("per.aas@gmail.com", "Per").rule == "new_person"
    assert [action for action, _change in audits("email")] == ["added", "removed"]
    with pytest.raises(NotFound):
        remove_point(point, by=ada)


def test_a_number_is_kept_as_it_is_dialled(nordvik: Customer, ada: Agent):
    for typed, kept in [("47 99 88 77 66", "+4799887766"), ("+46 8 123 456 78", "+46812345678")]:
        assert add_point(nordvik, None, "phone", typed, by=ada).value == kept
    with pytest.raises(Taken):
        add_point(nordvik, None, "phone", "0047 99887766", by=ada)


def test_a_contact_without_a_name_is_refused_and_nothing_is_kept(nordvik: Customer, ada: Agent):
    with pytest.raises(InvalidInput) as refused:
        add_contact(nordvik, {"name": "", "email": "x@nordvik.no"}, by=ada)
    assert set(refused.value.fields) == {"name"}
    with pytest.raises(Taken):
        add_contact(nordvik, {"name": "Eva", "email": "post@nordvik.no"}, by=ada)
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 0


def test_an_address_is_added_changed_and_removed(nordvik: Customer, ada: Agent, kim: Agent):
    typed = {"kind": "visit", "street": "Strandgata 41", "postcode": "5004", "city": "Bergen", "country": "NO"}
    address = add_address(nordvik, typed, by=ada)
    edit_address(address, 1, typed | {"street": "Strandgata 14"}, by=ada)
    with pytest.raises(EditedMeanwhile):
        edit_address(address, 1, typed | {"street": "Strandgata 4"}, by=kim)
    remove_address(address, by=ada)
    with pytest.raises(NotFound):
        edit_address(address, 2, typed, by=kim)
    with pytest.raises(InvalidInput):
        add_address(nordvik, {"kind": "visit", "country": "NO"}, by=ada)
    assert [action for action, _change in audits("address")] == ["added", "changed", "removed"]


def test_an_edit_waits_for_the_one_under_way_and_then_sees_it(nordvik: Customer, app: Flask, ada: Agent):
    customer_id, ada_id, inside = nordvik.id, ada.id, threading.Event()

    def first() -> None:
        from helpdesk.core.db import transaction

        by = db.session.get_one(Agent, ada_id)
        with transaction():
            customer = customer_by_id(by, customer_id)
            edit(customer, 1, typed_of(customer, name="First AS"), by=by)
            inside.set()
            threading.Event().wait(0.3)

    def second() -> None:
        inside.wait(5)
        by = db.session.get_one(Agent, ada_id)
        customer = customer_by_id(by, customer_id)
        edit(customer, 1, typed_of(customer, name="Second AS"), by=by)

    _nothing, refused = together(app, [first, second])
    assert isinstance(refused, EditedMeanwhile)
    assert refused.clashes[0].theirs == "First AS"
