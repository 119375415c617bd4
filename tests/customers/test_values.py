"""Numbers and addresses: one form to keep, one to show."""

import pytest
from flask import Flask

from helpdesk.core.errors import InvalidInput
from helpdesk.customers.email_address import is_role, normal_email, readable_email
from helpdesk.customers.fields import ADDRESS, CUSTOMER, check_fields
from helpdesk.customers.org_no import normal_org_no, readable_org_no
from helpdesk.customers.phone import normal_phone, readable_phone, searched_phones
from helpdesk.customers.public_domains import is_public


@pytest.mark.parametrize("typed", ["974760673", "974 760 673", " 974.760.673 ", "NO 974 760 673 MVA", "no974760673mva"])
def test_an_organisation_number_is_read_however_it_is_written(typed: str):
    assert normal_org_no(typed) == "974760673"


@pytest.mark.parametrize("typed", ["", "974760674", "974760637", "97476067", "9747606733", "97476067X", "٩٧٤٧٦٠٦٧٣"])
def test_a_wrong_organisation_number_is_none(typed: str):
    assert normal_org_no(typed) is None


def test_a_number_whose_check_digit_would_be_ten_is_never_valid():
    # 3·1 + 2·0 + … : the weighted sum of 10000028 is 27, 5 over a multiple of 11; 10000044's is 12, 1 over.
    assert [normal_org_no(f"10000044{digit}") for digit in range(10)].count(None) == 10
    assert [normal_org_no(f"10000028{digit}") for digit in range(10)].count(None) == 9


def test_an_organisation_number_is_shown_in_groups():
    assert readable_org_no("974760673") == "974 760 673"


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("22 33 44 55", "+4722334455", "22 33 44 55"),
        ("(+47) 998 87 766", "+4799887766", "99 88 77 66"),
        ("0046 8 123 456 78", "+46812345678", "+46 8 123 456 78"),
        ("02800", "+4702800", "02800"),
    ],
)
def test_a_phone_number_is_kept_as_dialled_and_shown_in_groups(typed: str, kept: str, shown: str):
    assert normal_phone(typed) == kept
    assert readable_phone(kept) == shown


@pytest.mark.parametrize("typed", ["", "12", "call me", "1" * 40, "+", "22 33 44"])
def test_what_cannot_be_dialled_is_no_phone_number(typed: str):
    assert normal_phone(typed) is None


def test_something_unreadable_is_shown_as_it_is():
    assert readable_phone("ask for Per") == "ask for Per"


@pytest.mark.parametrize(
    ("typed", "begins"), [("22", []), ("2233", ["+472233", "2233"]), ("+468", ["+468"]), ("a223", [])]
)
def test_a_search_for_a_number_begins_as_numbers_are_kept(typed: str, begins: list[str]):
    assert searched_phones(typed) == begins


def test_an_address_is_compared_in_ascii_and_shown_in_letters():
    assert normal_email("Post@BLÅBÆR.no") == "post@xn--blbr-roah.no"
    assert readable_email("post@xn--blbr-roah.no") == "post@blåbær.no"
    assert normal_email("a_b+c@under_score.example") == "a_b+c@under_score.example"


@pytest.mark.parametrize(
    ("address", "role"), [("faktura@a.no", True), ("post+x@a.no", True), ("postman.pat@a.no", False)]
)
def test_an_office_is_told_from_a_person(address: str, role: bool):
    assert is_role(address) is role


@pytest.mark.parametrize(("domain", "public"), [("gmail.com", True), ("a.online.no", True), ("notgmail.com", False)])
def test_a_public_domain_is_known_with_all_below_it(domain: str, public: bool):
    assert is_public(domain) is public


def test_a_company_keeps_its_lines_clean(app: Flask):
    typed = {"kind": "company", "name": " A\x00 \n B ", "website": "example.com/a", "about": "one\r\n\x07two\n"}
    values = check_fields(CUSTOMER, typed)
    assert (values["name"], values["website"], values["about"]) == ("A B", "https://example.com/a", "one\n two")
    assert values["org_no"] is None


@pytest.mark.parametrize("country", ["", "XX", "Norway", "no"])
def test_a_country_is_one_that_there_is(app: Flask, country: str):
    with pytest.raises(InvalidInput) as refused:
        check_fields(ADDRESS, {"kind": "visit", "city": "Bergen", "country": country})
    assert set(refused.value.fields) == {"country"}
