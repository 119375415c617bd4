"""The search page, with and without JavaScript."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from helpdesk.customers.match import customer_for
from helpdesk.search.find import PAGE_SIZE

Opened = Callable[..., Case]
SignedIn = Callable[[Agent], FlaskClient]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_results_lead_to_their_cases(opened: Opened, signed_in: SignedIn, ada: Agent) -> None:
    case = opened("The printer hums", subject="Noise <b>")
    page = signed_in(ada).get("/search?q=printer").get_data(as_text=True)
    assert f'href="/cases/{case.number}"' in page
    assert "Noise &lt;b&gt;" in page
    assert "1 case" in page
    assert 'value="printer"' in page, "the box keeps what was asked"


def test_nothing_found_says_what_to_try(opened: Opened, signed_in: SignedIn, ada: Agent) -> None:
    opened("The printer hums")
    page = signed_in(ada).get("/search", query_string={"q": "<script>"}).get_data(as_text=True)
    assert "Nothing found for “&lt;script&gt;”" in page
    assert "Try fewer words" in page


def test_without_a_question_it_says_what_can_be_asked(signed_in: SignedIn, ada: Agent) -> None:
    assert "What are you looking for?" in signed_in(ada).get("/search").get_data(as_text=True)


def test_typing_brings_the_results_alone(opened: Opened, signed_in: SignedIn, ada: Agent) -> None:
    opened("The printer hums")
    piece = signed_in(ada).get("/search?q=prin", headers={**HTMX, "HX-Target": "section#found"})
    text = piece.get_data(as_text=True)
    assert 'id="found"' in text
    assert "The printer hums" in text
    assert "<html" not in text


def test_show_more_brings_the_next_rows_alone_and_works_as_a_link(
    opened: Opened, signed_in: SignedIn, ada: Agent
) -> None:
    cases = [opened("printer") for _ in range(PAGE_SIZE + 1)]
    browser = signed_in(ada)
    page = browser.get("/search?q=printer").get_data(as_text=True)
    link = page.split('class="more" href="')[1].split('"')[0].replace("&amp;", "&")
    rows = browser.get(link, headers={**HTMX, "HX-Target": "li#more"}).get_data(as_text=True)
    assert rows.count("row-item") == 1
    assert f"#{cases[0].number}" in rows
    assert f"#{cases[0].number}" in browser.get(link).get_data(as_text=True)


def test_a_reader_may_search_and_a_stranger_may_not(
    opened: Opened, signed_in: SignedIn, reader: Agent, app: Flask
) -> None:
    opened("printer")
    assert "row-item" in signed_in(reader).get("/search?q=printer").get_data(as_text=True)
    assert app.test_client().get("/search?q=printer").status_code == 302


def test_a_foreign_cursor_is_refused_in_words(signed_in: SignedIn, ada: Agent) -> None:
    answer = signed_in(ada).get("/search?q=a&after=%00nonsense")
    assert answer.status_code == 400
    assert "Please open it again from the start" in answer.get_data(as_text=True)


def test_the_page_speaks_norwegian(opened: Opened, signed_in: SignedIn, ada: Agent) -> None:
    with transaction():
        ada.language = "nb"
    assert "Fant ingenting for «bananer»" in signed_in(ada).get("/search?q=bananer").get_data(as_text=True)


def test_the_number_of_queries_does_not_grow_with_the_results(
    opened: Opened, signed_in: SignedIn, ada: Agent, queries: Callable[..., list[str]]
) -> None:
    opened("printer")
    browser = signed_in(ada)
    few = queries(lambda: browser.get("/search?q=printer"))
    for _ in range(30):
        opened("printer")
    many = queries(lambda: browser.get("/search?q=printer"))
    assert len(few) == len(many) <= 9


def test_customers_are_found_by_name_above_the_cases(opened: Opened, signed_in: SignedIn, ada: Agent) -> None:
    opened("The printer hums")
    with transaction():
        who = customer_for("per@strand.example", "Per Strand", company="Strand Lys AS")
    page = signed_in(ada).get("/search?q=strand").get_data(as_text=True)
    assert who.customer is not None
    assert f'href="/customers/{who.customer.id}"' in page
    assert "Strand Lys AS" in page
    assert "Try fewer words" not in page


@pytest.mark.parametrize("asked", ["%", "\\", "_", "'", "\x00strand", "x" * 5000, "+47 22", "@strand", "a & b"])
def test_whatever_is_typed_the_page_answers(signed_in: SignedIn, ada: Agent, asked: str) -> None:
    assert signed_in(ada).get("/search", query_string={"q": asked}).status_code == 200
