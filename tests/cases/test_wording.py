"""Cases in words."""

from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.accounts.models import Agent
from helpdesk.cases.claim import assign, claim
from helpdesk.cases.models import Attachment, Case, CaseEvent
from helpdesk.cases.wording import event_words, file_kind, folded_words, people, status_words, who
from helpdesk.core.clock import now
from helpdesk.core.db import db


@pytest.mark.parametrize(
    ("quoted", "words"),
    [
        ("-- \nSolveig Dahl\nFjordlys", "Signature"),
        ("On Mon, 3 Nov 2025, Support wrote:\n> Hello", "1 earlier mail"),
        (
            "-- \nSolveig\n\nDen 3. nov. 2025 skrev Ada:\n> Hei\n> Den 2. nov. skrev Solveig:\n>> Hei",
            "Signature and 2 earlier mails",
        ),
        ("Fra: Ada\nSendt: i dag\nTil: Solveig", "1 earlier mail"),
        ("> only quoted lines", "1 earlier mail"),
        ("Sent from my phone", "More text"),
    ],
)
def test_a_fold_says_what_is_in_it(app: Flask, quoted: str, words: str):
    assert folded_words(quoted) == words


def test_a_megabyte_of_beginnings_is_named_in_a_moment(app: Flask):
    start = now()
    folded_words("On " * 20_000 + "\n" + "On a day\n" * 100_000)
    assert now() - start < timedelta(seconds=2)


def test_the_state_says_whose_a_case_is_from_the_readers_side(ada: Agent, kim: Agent, case: Case):
    assert status_words(case, ada) == "open · unclaimed"
    claim(case, by=ada)
    assert status_words(case, ada) == "open · yours"
    assert status_words(case, kim) == "open · with Ada"
    case.owned_since = now() - timedelta(minutes=51)
    assert status_words(case, ada) == "open · yours for 51 min"
    db.session.rollback()


def test_the_journal_tells_each_reader_their_own_part(ada: Agent, kim: Agent, case: Case):
    assign(case, kim, by=ada)
    event = db.session.query(CaseEvent).filter_by(kind="assigned").one()
    assert event_words(event, ada) == "You handed the case over to Kim"
    assert event_words(event, kim) == "Ada handed the case over to you"


def test_who_names_the_company_only_where_it_is_another(case: Case):
    assert who(case) == "Solveig Dahl"
    assert case.customer is not None
    case.customer.name = "Fjordlys Hotell"
    assert who(case) == "Solveig Dahl · Fjordlys Hotell"
    db.session.rollback()


def test_many_recipients_are_counted(app: Flask):
    assert people([["Ada", "a@x.example"], ["", "b@x.example"]]) == "Ada, b@x.example"
    assert people([[name, ""] for name in "ABCDE"]) == "A, B, C and 2 more"


@pytest.mark.parametrize(
    ("content_type", "filename", "words"),
    [
        ("application/pdf", "a.pdf", "PDF"),
        ("image/png", "x", "Image"),
        ("application/x-foo", "a.step", "STEP"),
        ("", "a", "File"),
    ],
)
def test_a_file_has_a_word_for_its_type(app: Flask, content_type: str, filename: str, words: str):
    assert file_kind(Attachment(content_type=content_type, filename=filename)) == words
