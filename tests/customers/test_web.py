"""The register by HTTP, as a browser without JavaScript sees it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.close import close
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Queue
from helpdesk.cases.open import open_case
from helpdesk.core.db import db, transaction
from helpdesk.customers.match import customer_for
from helpdesk.customers.models import Contact, ContactPoint, Customer, PostalAddress, TimelineEntry
from tests.customers.test_acts import typed_of

SignIn = Callable[[Agent], FlaskClient]
MakeCustomer = Callable[..., Customer]
Queries = Callable[[Callable[[], Any]], list[str]]


@pytest.fixture
def desk(signed_in: SignIn, ada: Agent) -> FlaskClient:
    """Ada's browser."""
    return signed_in(ada)


def page(answer: Any, status: int = 200) -> str:
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[-2000:]
    assert "style=" not in text
    return text


def inputs(text: str) -> dict[str, str]:
    """Name → value of the page's input fields."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("radio" not in tag or "checked" in tag):
            found[name.group(1)] = value.group(1) if value else ""
    return found


def test_the_list_shows_everybody_by_name_and_leads_to_the_record(desk: FlaskClient, nordvik: Customer, ada: Agent):
    customer_for("kari@gmail.com", "Kari Nordmann", phone="99887766")
    text = page(desk.get("/customers"))
    assert text.index("Kari Nordmann") < text.index("Nordvik Bygg AS")
    for words in ("974 760 673", "post@nordvik.no", "22 33 44 55", "Private person", "Prospect", "New customer"):
        assert words in text
    assert f'href="/customers/{nordvik.id}"' in text


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("nordv", True),
        ("BYGG", True),
        ("bygg nordvik", True),
        ("ygg", False),
        ("974760", True),
        ("974 760 673", True),
        ("post@nord", True),
        ("nordvik.no", True),
        ("@nordvik", True),
        ("22 33 44", True),
        ("+47 2233", True),
        ("0047223344", True),
        ("44 55", False),
        ("per å", True),
        ("site", False),
        ("%", False),
        ("_", False),
        ("\\", False),
        ("a\x00b", False),
        ("x" * 500, False),
    ],
)
def test_the_search_finds_beginnings(desk: FlaskClient, per: Contact, search: str, found: bool):
    text = page(desk.get("/customers", query_string={"q": search}))
    assert ("Nordvik Bygg AS</span>" in text) is found
    assert ("Nobody found" in text) is not found


def test_stage_and_kind_narrow_the_list_and_an_invented_one_is_refused(desk: FlaskClient, nordvik: Customer):
    assert "Nordvik" in page(desk.get("/customers?stage=customer&kind=company"))
    assert "Nobody found" in page(desk.get("/customers?stage=suspect"))
    assert "Nobody found" in page(desk.get("/customers?kind=person"))
    page(desk.get("/customers?stage=friend"), 400)
    page(desk.get("/customers?after=nonsense"), 400)


def test_an_empty_register_says_what_comes_next(desk: FlaskClient):
    assert "The register is empty" in page(desk.get("/customers"))


def test_the_list_goes_on_page_by_page(desk: FlaskClient, app: Flask):
    with transaction() as session:
        session.execute(
            insert(Customer), [{"kind": "company", "name": f"Company {n:03}", "stage": "customer"} for n in range(120)]
        )
    seen: list[str] = []
    address: str | None = "/customers"
    while address:
        text = page(desk.get(address))
        seen += re.findall(r"Company \d{3}", text)
        more = re.search(r'class="more" href="([^"]*)"', text)
        address = more.group(1).replace("&amp;", "&") if more else None
    assert seen == [f"Company {n:03}" for n in range(120)]


def test_a_customer_is_written_in_and_the_record_shows_it(desk: FlaskClient):
    page(desk.get("/customers/new"))
    typed = {"kind": "company", "name": "Solheim Elektro", "stage": "prospect", "org_no": "974 760 673"}
    answer = desk.post("/customers/new", data=typed | {"email": "post@solheim.no"}, follow_redirects=True)
    text = page(answer)
    for words in ("<h1>Solheim Elektro</h1>", "974 760 673", "post@solheim.no", "is in the register"):
        assert words in text


def test_bad_input_loses_nothing_typed_and_says_what_is_wrong_beside_its_field(desk: FlaskClient, nordvik: Customer):
    typed = {"kind": "person", "name": "Kari <b>", "stage": "prospect", "email": "kari@", "about": "Wants\nlamps"}
    text = page(desk.post("/customers/new", data=typed | {"org_no": "974760673"}), 400)
    assert 'id="email-error">This is not an e-mail address.' in text
    assert 'value="Kari &lt;b&gt;"' in text
    assert 'value="kari@"' in text
    assert "Wants\nlamps</textarea>" in text
    text = page(desk.post("/customers/new", data=typed | {"org_no": "974760673", "email": ""}), 400)
    assert f'Nordvik Bygg AS has this already. <a href="/customers/{nordvik.id}">Open the record</a>' in text


def test_two_edits_at_once_are_laid_side_by_side_and_the_choice_is_saved(
    desk: FlaskClient, signed_in: SignIn, kim: Agent, nordvik: Customer
):
    address = f"/customers/{nordvik.id}/edit"
    opened = inputs(page(desk.get(address)))
    mine = typed_of(nordvik, industry="Building", name="Nordvik Bygg & Sønn") | {"version": "1"}
    assert opened["version"] == "1"
    theirs = typed_of(nordvik, industry="Construction", about="Pays late")
    assert signed_in(kim).post(address, data=theirs | {"version": "1"}).status_code == 303
    text = page(desk.post(address, data=mine), 409)
    for words in ("Kim changed it", "Construction", "Building", "Pays late", "Nothing was overwritten"):
        assert words in text
    again = inputs(text)
    assert again["name"] == "Nordvik Bygg &amp; Sønn"
    assert (again["version"], again["shown_version"]) == ("1", "2")
    assert again["take-about"] == "theirs"
    assert "take-industry" not in again
    undecided = mine | {"shown_version": "2", "clash": ["industry", "about"], "take-about": "theirs"}
    assert "Kim changed it" in page(desk.post(address, data=undecided), 409)
    answer = desk.post(address, data=undecided | {"take-industry": "mine"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert (nordvik.name, nordvik.industry, nordvik.about) == ("Nordvik Bygg & Sønn", "Building", "Pays late")
    assert nordvik.version == 3


def test_a_choice_holds_only_for_what_was_shown(desk: FlaskClient, signed_in: SignIn, kim: Agent, nordvik: Customer):
    address, kims = f"/customers/{nordvik.id}/edit", signed_in(kim)
    kims.post(address, data=typed_of(nordvik, industry="Second") | {"version": "1"})
    mine = typed_of(nordvik, industry="Mine") | {"version": "1"}
    page(desk.post(address, data=mine), 409)
    kims.post(address, data=typed_of(nordvik, industry="Third") | {"version": "2"})
    chosen = mine | {"shown_version": "2", "clash": "industry", "take-industry": "mine"}
    assert "Third" in page(desk.post(address, data=chosen), 409)


def test_contacts_points_and_addresses_by_their_forms(desk: FlaskClient, nordvik: Customer):
    here = f"/customers/{nordvik.id}"
    page(desk.get(f"{here}/contacts/new"))
    added = desk.post(f"{here}/contacts/new", data={"name": "Per Ås", "position": "Boss"}, follow_redirects=True)
    assert "Per Ås is with them now." in page(added)
    contact = db.session.scalar(select(Contact))
    form = f"/customers/contacts/{contact.id}"
    page(desk.get(form))
    assert "per@nordvik.no" in page(
        desk.post(f"{form}/points", data={"value": "per@nordvik.no"}, follow_redirects=True)
    )
    text = page(desk.post(f"{form}/points", data={"value": "post@nordvik.no"}), 400)
    assert "Nordvik Bygg AS has this already." in text
    assert 'value="post@nordvik.no"' in text
    point = db.session.scalar(select(ContactPoint).where(ContactPoint.contact_id == contact.id))
    assert "Removed." in page(desk.post(f"/customers/points/{point.id}/remove", follow_redirects=True))
    assert "is marked as gone" in page(desk.post(f"{form}/leave", follow_redirects=True))
    assert "They are back" in page(desk.get(form))
    assert "is with them again" in page(desk.post(f"{form}/come-back", follow_redirects=True))
    assert desk.post(form, data={"name": "Per Aas", "version": "1"}).status_code == 303
    assert 'id="name-error">A name is needed.' in page(desk.post(form, data={"name": "", "version": "2"}), 400)
    page(desk.get(f"{here}/addresses/new"))
    typed = {"kind": "visit", "street": "Strandgata 41", "postcode": "5004", "city": "Bergen", "country": "SE"}
    text = page(desk.post(f"{here}/addresses/new", data=typed, follow_redirects=True))
    for words in ("Visiting address", "Strandgata 41", "5004 Bergen", "Sweden"):
        assert words in text
    address = db.session.scalar(select(PostalAddress))
    assert 'value="Strandgata 41"' in page(desk.get(f"/customers/addresses/{address.id}"))
    page(desk.post(f"/customers/addresses/{address.id}", data={"kind": "visit", "country": "NO", "version": "1"}), 400)
    assert "Removed." in page(desk.post(f"/customers/addresses/{address.id}/remove", follow_redirects=True))


def test_a_contact_is_moved_to_a_customer_that_is_searched_for(
    desk: FlaskClient, per: Contact, make_customer: MakeCustomer
):
    solheim = make_customer("Solheim AS")
    address = f"/customers/contacts/{per.id}/move"
    assert "Nobody else" in page(desk.get(address, query_string={"q": "nordvik"}))
    assert f'name="to" value="{solheim.id}"' in page(desk.get(address, query_string={"q": "solh"}))
    assert "Please choose a customer." in page(desk.post(address, data={"version": "1", "q": "solh"}), 400)
    stale = page(desk.post(address, data={"version": "7", "q": "solh", "to": solheim.id}), 409)
    assert "Nothing was overwritten" in stale
    text = page(desk.post(address, data={"version": "1", "to": solheim.id}, follow_redirects=True))
    assert "Per Ås is with Solheim AS now." in text
    assert "Per Ås came from Nordvik Bygg AS" in text


def test_the_record_tells_every_case_on_one_timeline(desk: FlaskClient, queue: Queue, ada: Agent, per: Contact):
    for subject in ("Broken lamp", "Wrong invoice"):
        incoming = Incoming(text="Help!", from_name="Per", from_address="per@nordvik.no", subject=subject)
        case = open_case(queue, incoming, who=customer_for("per@nordvik.no", "Per"), source="mail")
    close(case, by=ada)
    text = page(desk.get(f"/customers/{per.customer_id}"))
    assert text.index("Wrong invoice") < text.index("Broken lamp")
    for words in (f'href="/cases/{case.number}"', "Opened by Per Ås", "Closed by Ada", "closed</span>"):
        assert words in text


def test_a_stage_is_set_from_the_record(desk: FlaskClient, nordvik: Customer):
    text = page(desk.post(f"/customers/{nordvik.id}/stage", data={"stage": "former"}, follow_redirects=True))
    assert "Ada moved them from customer to former customer" in text
    page(desk.post(f"/customers/{nordvik.id}/stage", data={"stage": "x"}), 400)


def test_a_reader_reads_and_changes_nothing(signed_in: SignIn, reader: Agent, per: Contact):
    browser, here = signed_in(reader), f"/customers/{per.customer_id}"
    assert "New customer" not in page(browser.get("/customers"))
    text = page(browser.get(here))
    assert "Per Ås" in text
    assert "<form" not in text.split("<main", 1)[1].split("</main>", 1)[0]
    for address in (f"{here}/edit", f"/customers/contacts/{per.id}", f"{here}/contacts/new", "/customers/new"):
        page(browser.get(address), 403)
        page(browser.post(address, data={"name": "x", "version": "1"}), 403)
    for address in (f"{here}/stage", f"{here}/points", f"/customers/contacts/{per.id}/move"):
        page(browser.post(address), 403)
    assert app_is_unchanged(per)


def app_is_unchanged(per: Contact) -> bool:
    db.session.expire_all()
    return per.version == 1 and db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_strangers_see_nothing(app: Flask, nordvik: Customer):
    assert app.test_client().get(f"/customers/{nordvik.id}").status_code == 302


@pytest.mark.parametrize("address", ["/customers/999", "/customers/99999999999999999999", "/customers/999/edit"])
def test_what_is_not_there_is_said_so(desk: FlaskClient, address: str):
    assert "We could not find that." in page(desk.get(address), 404)


def test_the_register_speaks_norwegian(signed_in: SignIn, ada: Agent, nordvik: Customer):
    with transaction():
        ada.language = "nb"
    browser = signed_in(ada)
    assert "<h1>Kunder</h1>" in page(browser.get("/customers"))
    text = page(browser.get(f"/customers/{nordvik.id}"))
    for words in ("Kontakter", "Tidslinje", "Kunde siden", "Legg til en kontakt"):
        assert words in text


def fill(customers: int, cases: int, customer_id: int) -> None:
    """Many customers with a contact and addresses each, and much on the timeline of one."""
    with transaction() as session:
        ids = session.scalars(
            insert(Customer).returning(Customer.id),
            [{"kind": "company", "name": f"Company {n}", "stage": "customer"} for n in range(customers)],
        ).all()
        people = session.scalars(
            insert(Contact).returning(Contact.id), [{"customer_id": one, "name": f"Kari {one}"} for one in ids]
        ).all()
        session.execute(
            insert(ContactPoint),
            [
                {"customer_id": one, "contact_id": who, "kind": kind, "value": value.format(one)}
                for one, who in zip(ids, people, strict=True)
                for kind, value in (("email", "kari{}@company.example"), ("phone", "+47{}"))
            ],
        )
        session.execute(
            insert(TimelineEntry),
            [
                {"customer_id": customer_id, "kind": kind, "case_number": n, "title": f"Case {n}"}
                for n in range(1, cases + 1)
                for kind in ("opened", "closed")
            ],
        )
        session.execute(insert(Contact), [{"customer_id": customer_id, "name": f"Per {n}"} for n in range(cases)])


@pytest.mark.parametrize(
    "address", ["/customers", "/customers?q=comp", "/customers?q=kari&stage=customer", "/customers/1"]
)
def test_a_page_takes_the_same_few_queries_with_10_and_with_2000_customers(
    desk: FlaskClient, nordvik: Customer, queries: Queries, address: str
):
    def sent() -> list[str]:
        db.session.remove()
        # The banner over every page remembers for some seconds whether mail waits.
        return [query for query in queries(lambda: page(desk.get(address))) if "outbound_mails" not in query]

    customer_id = nordvik.id
    fill(10, 5, customer_id)
    few = sent()
    fill(2000, 400, customer_id)
    many = sent()
    assert len(few) == len(many) <= 10
