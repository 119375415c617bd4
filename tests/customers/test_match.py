"""From an address to its customer."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.core.db import db, transaction
from helpdesk.customers.match import Match, customer_for
from helpdesk.customers.models import Contact, ContactPoint, Customer


def company(name: str, *addresses: str, kind: str = "company") -> Customer:
    """A customer in the register with these office addresses."""
    with transaction() as session:
        made = Customer(kind=kind, name=name, stage="customer")
        session.add(made)
        session.flush()
        session.add_all(
            [ContactPoint(customer_id=made.id, kind="email", value=address, shown=address) for address in addresses]
        )
    return made


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def together(app: Flask, calls: list[Callable[[], Any]]) -> list[Any]:
    """What each of `calls` gives, all begun at the same moment, each on a connection of its own."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        with app.app_context():
            start.wait()
            try:
                results[place] = calls[place]()
            except Exception as error:
                results[place] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_an_unknown_address_is_a_new_private_person_who_has_asked_for_something(app: Flask):
    match = customer_for("Kari.Nordmann@Gmail.com", "Kari Nordmann", phone="22 33 44 55")
    assert match.rule == "new_person"
    assert (match.customer.kind, match.customer.stage, match.customer.name) == ("person", "prospect", "Kari Nordmann")
    assert match.contact.name == "Kari Nordmann"
    points = db.session.execute(select(ContactPoint.kind, ContactPoint.value, ContactPoint.shown)).all()
    assert set(points) == {
        ("email", "kari.nordmann@gmail.com", "Kari.Nordmann@Gmail.com"),
        ("phone", "+4722334455", "22 33 44 55"),
    }


def test_a_known_address_is_its_contact_whatever_its_sender_claims(app: Flask):
    first = customer_for("kari@gmail.com", "Kari")
    again = customer_for("KARI@gmail.com", "Somebody Else", company="Nordvik Bygg AS", phone="99 88 77 66")
    assert again == Match(first.customer, first.contact, "known_address")
    assert (count(Customer), count(Contact), count(ContactPoint)) == (1, 1, 1)


def test_a_known_address_takes_one_query(app: Flask, queries: Callable[[Callable[[], Any]], list[str]]):
    customer_for("kari@gmail.com", "Kari")
    db.session.remove()
    assert len(queries(lambda: customer_for("kari@gmail.com", "Kari"))) == 1


def test_a_new_colleague_of_a_known_company_becomes_its_contact(app: Flask):
    nordvik = company("Nordvik Bygg AS", "post@nordvik.no")
    match = customer_for("per@nordvik.no", "Per Ås")
    assert (match.customer, match.rule) == (nordvik, "company_domain")
    assert (match.contact.customer_id, match.contact.name) == (nordvik.id, "Per Ås")


def test_an_office_address_is_the_companys_and_nobodys_in_particular(app: Flask):
    nordvik = company("Nordvik Bygg AS", "post@nordvik.no")
    assert customer_for("post@nordvik.no", "Nordvik") == Match(nordvik, None, "known_address")
    assert customer_for("faktura@nordvik.no", "Nordvik") == Match(nordvik, None, "company_domain")
    assert customer_for("faktura@nordvik.no", "Nordvik").rule == "known_address"


@pytest.mark.parametrize("domain", ["gmail.com", "online.no", "broadpark.no", "hotmail.no", "kunde.online.no"])
def test_a_public_mail_domain_joins_nobody_to_a_company(app: Flask, domain: str):
    company("Hansens rør", f"hansen@{domain}")
    assert customer_for(f"kari@{domain}", "Kari").rule == "new_person"


def test_a_domain_of_two_companies_says_neither(app: Flask):
    company("Nordvik Bygg AS", "post@nordvik.no")
    company("Nordvik Eiendom AS", "eiendom@nordvik.no")
    assert customer_for("per@nordvik.no", "Per").rule == "new_person"


def test_a_private_persons_domain_is_no_companys(app: Flask):
    company("Kari Berg", "kari@berg.no", kind="person")
    assert customer_for("ola@berg.no", "Ola Berg").rule == "new_person"


def test_a_person_in_the_companys_domain_does_not_hide_the_company(app: Flask):
    company("Per Ås", "per@nordvik.no", kind="person")
    nordvik = company("Nordvik Bygg AS", "post@nordvik.no")
    company("Anne Li", "anne@nordvik.no", kind="person")
    assert customer_for("ola@nordvik.no", "Ola").customer == nordvik


def test_a_stranger_who_names_an_unknown_company_brings_it_as_a_prospect(app: Flask):
    match = customer_for("per@solheim.no", "Per Solheim", company="  Solheim\tElektro  AS ")
    assert (match.rule, match.customer.kind, match.customer.stage) == ("new_company", "company", "prospect")
    assert (match.customer.name, match.contact.name) == ("Solheim Elektro AS", "Per Solheim")


def test_a_stranger_who_types_a_known_companys_name_is_not_let_into_it(app: Flask):
    nordvik = company("Nordvik Bygg AS", "post@nordvik.no")
    match = customer_for("eve@evil.example", "Eve", company="nordvik bygg as")
    assert (match.rule, match.customer.kind) == ("new_person", "person")
    assert match.customer != nordvik
    assert match.contact.says_company == "nordvik bygg as"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "nobody",
        "@",
        "a@",
        "@b.no",
        "a b@c.no",
        "a@b\x00.no",
        "x" * 400 + "@b.no",
        "\u200bkari@gmail.com",
        None,
    ],
)
def test_without_a_usable_address_there_is_nobody(app: Flask, address: str):
    assert customer_for(address, "Kari") == Match(None, None, "no_address")
    assert count(Customer) == 0


@pytest.mark.parametrize(
    "written", ["post@BLÅBÆR.no", "Post@xn--blbr-roah.no", "<post@blåbær.no>", "post@bla\u030abær.no."]
)
def test_an_address_is_one_however_its_domain_is_written(app: Flask, written: str):
    first = customer_for("post@blåbær.no", "Blåbær")
    assert customer_for(written, "").customer == first.customer


@pytest.mark.parametrize("name", ["", " \t", "\x00\x01"])
def test_somebody_without_a_name_is_called_by_their_address(app: Flask, name: str):
    assert customer_for("kari@bl\u00e5b\u00e6r.no", name).contact.name == "kari@blåbær.no"


def test_a_name_that_no_database_takes_is_made_one_that_it_takes(app: Flask):
    match = customer_for("kari@gmail.com", "Kari\x00\ud800\r\nBerg " + "x" * 9000, phone="\x00" + "1" * 5000)
    assert match.customer.name.startswith("Kari Berg xxx")
    assert len(match.customer.name) == 300


def test_it_joins_the_callers_transaction(app: Flask):
    def fail() -> None:
        with transaction():
            customer_for("kari@gmail.com", "Kari")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(Customer) == 0


def test_many_mails_from_one_new_address_at_the_same_moment_make_one_customer(app: Flask):
    results = together(app, [lambda: customer_for("kari@gmail.com", "Kari").customer.id] * 8)
    assert len(set(results)) == 1
    assert isinstance(results[0], int)
    assert (count(Customer), count(Contact), count(ContactPoint)) == (1, 1, 1)


def test_the_later_of_two_open_transactions_waits_and_finds_what_the_earlier_made(app: Flask):
    made = threading.Event()

    def earlier() -> int:
        with transaction():
            customer_id = customer_for("kari@gmail.com", "Kari").customer.id
            made.set()
            threading.Event().wait(0.3)
            return customer_id

    def later() -> tuple[int, str]:
        made.wait(5)
        match = customer_for("kari@gmail.com", "Kari")
        return match.customer.id, match.rule

    first, second = together(app, [earlier, later])
    assert second == (first, "known_address")


def test_if_the_earlier_is_rolled_back_the_later_makes_the_customer(app: Flask):
    made = threading.Event()

    def earlier() -> None:
        with transaction():
            customer_for("kari@gmail.com", "Kari")
            made.set()
            threading.Event().wait(0.3)
            raise ZeroDivisionError

    def later() -> str:
        made.wait(5)
        return customer_for("kari@gmail.com", "Kari").rule

    error, rule = together(app, [earlier, later])
    assert isinstance(error, ZeroDivisionError)
    assert rule == "new_person"
    assert count(Customer) == 1


def test_colleagues_of_an_unknown_company_at_the_same_moment_make_one_company(app: Flask):
    def write(name: str) -> Callable[[], Any]:
        return lambda: customer_for(f"{name}@solheim.no", name, company="Solheim AS").customer.id

    results = together(app, [write(f"person{n}") for n in range(6)])
    assert len(set(results)) == 1
    assert (count(Customer), count(Contact)) == (1, 6)
