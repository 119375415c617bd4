"""Queues: made, changed, closed; with an address each."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.cases.models import Queue
from helpdesk.cases.queue_settings import QueueFields, add_queue, change_queue, slug_of
from helpdesk.core.db import db
from helpdesk.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Support", "support"),
        ("Kjøp og salg", "kjop-og-salg"),
        ("Å være, å gjøre!", "a-vaere-a-gjore"),
        ("Crème brûlée", "creme-brulee"),
        ("客服", "queue"),
        ("  --  ", "queue"),
    ],
)
def test_a_slug_is_the_name_in_plain_letters(name: str, slug: str):
    assert slug_of(name) == slug


def test_each_change_of_a_queue_writes_one_row_with_what_changed(app: Flask, boss: Agent, queue: Queue):
    sales = add_queue(QueueFields("Sales", "Sales@Desk.Example", colour=3), by=boss)
    assert (sales.slug, sales.address) == ("sales", "sales@desk.example")
    fields = QueueFields("Sales Norway", "sales@desk.example", colour=3, active=False)
    change_queue(sales, fields, by=boss)
    change_queue(sales, fields, by=boss)
    assert sales.slug == "sales"
    rows = [(row.actor_id, row.action, row.change) for row in db.session.scalars(select(AuditEntry))]
    assert rows[1:] == [(boss.id, "changed", {"name": ["Sales", "Sales Norway"], "active": [True, False]})]


def test_two_names_that_sound_alike_have_slugs_of_their_own(app: Flask, queue: Queue):
    assert add_queue(QueueFields("Sup-port", "a@desk.example"), by=None).slug == "sup-port"
    assert add_queue(QueueFields("Support!", "b@desk.example"), by=None).slug == "support-2"
    assert add_queue(QueueFields("Support?", "c@desk.example"), by=None).slug == "support-3"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        (QueueFields("", "x@desk.example"), {"name"}),
        (QueueFields("SUPPORT", "x@desk.example"), {"name"}),
        (QueueFields("New", "Support@desk.example"), {"address"}),
        (QueueFields("New", "no address"), {"address"}),
        (QueueFields("New", "new+tag@desk.example"), {"address"}),
        (QueueFields("N" * 101, "nowhere", colour=13), {"name", "address", "colour"}),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(app: Flask, queue: Queue, fields: QueueFields, wrong: set[str]):
    with pytest.raises(InvalidInput) as refused:
        add_queue(fields, by=None)
    assert set(refused.value.fields) == wrong


def test_the_last_active_queue_stays_open(app: Flask, queue: Queue):
    with pytest.raises(InvalidInput) as refused:
        change_queue(queue, QueueFields("Support", "support@desk.example", active=False), by=None)
    assert list(refused.value.fields) == ["active"]
    assert db.session.execute(select(Queue.active)).scalar_one()


def test_an_admin_adds_and_changes_a_queue_on_its_pages(
    app: Flask, queue: Queue, boss: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    browser = signed_in(boss)
    slip = browser.post(
        "/settings/queues/new", data={"name": "Support", "address": "sales@desk.example", "colour": "4"}
    )
    assert slip.status_code == 400
    assert "There is a queue with this name already." in slip.text
    assert 'value="sales@desk.example"' in slip.text
    form = {"name": "Sales", "address": "sales@desk.example", "colour": "4", "confirms": "y", "active": "y"}
    assert browser.post("/settings/queues/new", data=form).location == "/settings/queues"
    sales = db.session.execute(select(Queue).where(Queue.slug == "sales")).scalar_one()
    assert (sales.colour, sales.confirms, sales.plus_addresses, sales.active) == (4, True, False, True)
    browser.post(f"/settings/queues/{sales.id}", data={**form, "plus_addresses": "y", "confirms": ""})
    db.session.refresh(sales)
    assert (sales.plus_addresses, sales.confirms) == (True, False)
    assert "sales@desk.example" in browser.get("/settings/queues").text
    odd = browser.post(f"/settings/queues/{sales.id}", data={**form, "colour": "many"})
    assert odd.status_code == 400
