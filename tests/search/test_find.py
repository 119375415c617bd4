"""Cases are found by what people remember of them."""

import os
import string
from collections.abc import Callable

import pytest
from sqlalchemy import text

from helpdesk.accounts.models import Agent
from helpdesk.blobs.files import FileRef
from helpdesk.cases.append import append
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.merge import merge, unmerge
from helpdesk.cases.models import Case
from helpdesk.cases.note import note
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import InvalidInput
from helpdesk.search.find import PAGE_SIZE, RARE_MAX, find
from helpdesk.search.index import index
from helpdesk.search.words import PIECE_MAX, pieces

Opened = Callable[..., Case]


def numbers(agent: Agent, asked: str) -> list[int]:
    return [case.number for case in find(agent, asked).rows]


@pytest.mark.parametrize("asked", ["1002", "#1002", " # 1002 "])
def test_a_number_goes_first_and_exactly(opened: Opened, ada: Agent, asked: str) -> None:
    opened()
    meant = opened("my order")
    mentions = opened("It is about case 1002, which you know.")
    assert numbers(ada, asked) == [meant.number, mentions.number]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Jeg venter på fakturaer fra dere", "faktura"),
        ("Jeg venter på en faktura fra dere", "fakturaer"),
        ("Takk for purringen på regningen", "regning"),
        ("Når kommer leveransen vår?", "leveranse"),
        ("Vi har to abonnementer", "abonnement"),
        ("When do you deliver our orders?", "order"),
        ("My invoices were paid twice", "invoice"),
        ("It was refunded", "refund"),
        ("Blåbærsyltetøy på ÆRLIG vis", "blåbærsyltetøy ærlig"),
        ("Bla\u030abær", "blåbær"),
        ("ordre AB-2041/77 er forsinket", "AB-2041/77"),
        ("se https://shop.example/kasse?id=7", "kasse"),
    ],
)
def test_words_are_found_as_written_and_by_their_stems(opened: Opened, ada: Agent, written: str, asked: str) -> None:
    opened("Something else altogether")
    meant = opened(written)
    assert numbers(ada, asked) == [meant.number]


def test_the_last_word_may_be_a_beginning_and_the_others_not(opened: Opened, ada: Agent) -> None:
    meant = opened("The washing machine leaks")
    assert numbers(ada, "washing mach") == [meant.number]
    assert numbers(ada, "wash mach") == [meant.number], "a stem"
    assert numbers(ada, "washi machine") == []


def test_every_word_must_be_there(opened: Opened, ada: Agent) -> None:
    both = opened("The printer and the scanner")
    opened("Only the printer")
    assert numbers(ada, "printer scanner") == [both.number]


@pytest.mark.parametrize("asked", ["ola.nordmann@fjord.example", "fjord.example", "nordmann@", "Nordmann", "ola nord"])
def test_people_are_found_by_name_and_address_and_parts_of_them(opened: Opened, ada: Agent, asked: str) -> None:
    opened(from_name="Eve", from_address="eve@other.example")
    meant = opened()
    assert numbers(ada, asked) == [meant.number]


def test_replies_and_notes_and_file_names_are_found_too(opened: Opened, ada: Agent) -> None:
    case = opened("First words")
    append(case, Incoming(text="It hums at night", from_name="Ola", from_address="ola.nordmann@fjord.example"))
    note(case, "Ask the warehouse in Trondheim", by=ada)
    with transaction() as session:
        session.execute(text("insert into blobs (sha256, size) values ('aa', 1)"))
    file = FileRef(sha256="aa", filename="kvittering-2026.pdf", content_type="application/pdf", size=1)
    other = opened(files=(file,))
    assert numbers(ada, "hums") == numbers(ada, "trondheim") == [case.number]
    assert numbers(ada, "kvittering") == [other.number]


def test_newest_first_and_page_by_page_without_gap_or_repeat(opened: Opened, ada: Agent) -> None:
    made = [opened("printer").number for _ in range(PAGE_SIZE + 7)]
    first = find(ada, "printer")
    then = find(ada, "printer", first.after)
    assert [case.number for case in [*first.rows, *then.rows]] == made[::-1]
    assert then.after is None


def test_a_common_word_finds_the_newest_page_by_page(opened: Opened, ada: Agent) -> None:
    case = opened("printer")
    with transaction() as session:
        session.execute(
            text(
                "with made as (insert into cases (queue_id, subject, source)"
                " select :queue, 'x', 'mail' from generate_series(1, :n) returning id)"
                " insert into case_words select id, to_tsvector('simple', 'printer') from made"
            ),
            {"queue": case.queue_id, "n": RARE_MAX + 500},
        )
    first = find(ada, "printer")
    then = find(ada, "printer", first.after)
    newest = db.session.scalar(text("select max(id) from cases"))
    assert [case.id for case in [*first.rows, *then.rows]] == list(range(newest, newest - 2 * PAGE_SIZE, -1))


def test_a_merged_case_leads_to_where_its_messages_are(opened: Opened, ada: Agent) -> None:
    gone, target = opened("about bananas"), opened("about oranges")
    merge(gone, into=target, by=ada)
    assert numbers(ada, f"#{gone.number}") == numbers(ada, "bananas") == numbers(ada, "oranges") == [target.number]


def test_a_case_taken_apart_again_has_its_own_words_again(opened: Opened, ada: Agent) -> None:
    gone, target = opened("about bananas"), opened("about oranges")
    merge(gone, into=target, by=ada)
    unmerge(gone, by=ada)
    assert numbers(ada, "bananas") == [gone.number]
    assert numbers(ada, "oranges") == [target.number]


NASTY = [
    "'",
    '"',
    "&|!:*()<->",
    "a & | b",
    "\x00",
    "printer\x00",
    "\\",
    "''''",
    ":*",
    "!!printer",
    "\ud800",
    "½²",
    "日本",
]
NASTY += [
    "日本",
    "x" * 100_000,
    "a b " * 5000,
    "#" * 50,
    "#99999999999999999999",
    "٣",
    "-- ; drop table cases",
    "%_%",
    "🖨️ 🔥",
]


@pytest.mark.parametrize("asked", [*NASTY, *string.punctuation], ids=range(len(NASTY) + len(string.punctuation)))
def test_whatever_is_typed_finds_or_does_not_and_never_fails(opened: Opened, ada: Agent, asked: str) -> None:
    opened("printer")
    assert len(numbers(ada, asked)) <= 1


@pytest.mark.parametrize("written", NASTY, ids=range(len(NASTY)))
def test_whatever_is_written_the_case_is_made(opened: Opened, ada: Agent, written: str) -> None:
    # What the database cannot hold at all was taken out before it came here.
    written = written.replace("\x00", "").replace("\ud800", "")
    case = opened(written, subject=written[:900])
    assert numbers(ada, "nordmann") == [case.number]


def test_a_case_with_more_words_than_the_index_takes_still_grows(
    opened: Opened, ada: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    case = opened("printer")
    for _ in range(12):
        append(case, Incoming(text=" ".join(os.urandom(4).hex() for _ in range(15_000)), from_name="", from_address=""))
    last = append(case, Incoming(text="the end", from_name="", from_address=""))
    assert last.case_id == case.id
    assert "more words than can be indexed" in caplog.text
    assert numbers(ada, "printer") == [case.number]


def test_a_cursor_of_another_list_is_refused(opened: Opened, ada: Agent) -> None:
    with pytest.raises(InvalidInput):
        find(ada, "printer", "bm9uc2Vuc2U")


def test_a_word_too_long_for_the_index_is_cut_alike_on_both_sides(opened: Opened, ada: Agent) -> None:
    case = opened("k" * 5000)
    assert numbers(ada, "k" * 200) == [case.number]
    assert pieces("k" * 200) == ["k" * PIECE_MAX]


def test_indexing_twice_changes_nothing_that_is_found(opened: Opened, ada: Agent) -> None:
    from helpdesk.cases.models import CaseEvent

    case = opened("printer")
    event = db.session.query(CaseEvent).filter_by(case_id=case.id, kind="opened").one()
    index(event)
    assert numbers(ada, "printer") == [case.number]
