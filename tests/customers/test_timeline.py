"""What has been between a customer and us."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.claim import claim
from helpdesk.cases.close import close, reopen
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.note import note
from helpdesk.cases.open import open_case
from helpdesk.core.db import db
from helpdesk.customers.match import Match, customer_for
from helpdesk.customers.models import TimelineEntry
from helpdesk.customers.timeline import Line, add, timeline
from helpdesk.customers.wording import entry_words
from helpdesk.reactions import REACTIONS


def new_case(queue: Queue, who: Match, subject: str = "Broken lamp") -> Case:
    return open_case(
        queue,
        Incoming(text="Help!", from_name="Kari", from_address="kari@gmail.com", subject=subject),
        who=who,
        source="mail",
    )


def kinds(line: Line) -> list[str]:
    return [entry.kind for entry in line.entries]


def test_what_happens_to_a_case_stands_on_its_customers_timeline(app: Flask, queue: Queue, ada: Agent):
    kari = customer_for("kari@gmail.com", "Kari")
    case = new_case(queue, kari)
    claim(case, by=ada)
    note(case, "Which lamp?", by=ada)
    answer(case, Draft(text="Try another bulb.", seen=case.last_event_id), by=ada)
    close(case, by=ada)
    (line,) = timeline(kari.customer.id).lines
    assert (line.case_number, line.title, line.is_closed) == (case.number, "Broken lamp", True)
    assert kinds(line) == ["closed", "answered", "opened"]
    assert line.entries[0].actor == ada
    assert line.entries[-1].contact == kari.contact
    reopen(case, by=ada)
    assert timeline(kari.customer.id).lines[0].is_closed is False


def test_a_case_without_a_customer_stands_on_no_timeline(app: Flask, queue: Queue, ada: Agent):
    case = new_case(queue, Match(None, None, "no_address"))
    close(case, by=ada)
    assert case.number


def test_each_case_stands_once_on_a_page_where_something_last_happened_to_it(app: Flask, queue: Queue, ada: Agent):
    kari = customer_for("kari@gmail.com", "Kari")
    first, second = new_case(queue, kari, "First"), new_case(queue, kari, "Second")
    close(first, by=ada)
    lines = timeline(kari.customer.id).lines
    assert [(line.case_number, kinds(line)) for line in lines] == [
        (first.number, ["closed", "opened"]),
        (second.number, ["opened"]),
    ]


def test_older_entries_come_page_by_page_and_none_is_lost(app: Flask, queue: Queue):
    kari = customer_for("kari@gmail.com", "Kari")
    numbers = [new_case(queue, kari, f"Case {n}").number for n in range(7)]
    seen, after = [], None
    while True:
        page = timeline(kari.customer.id, after, size=3)
        seen += [line.case_number for line in page.lines]
        after = page.after
        if after is None:
            break
    assert seen == numbers[::-1]


def test_a_long_timeline_is_one_query(
    app: Flask, queue: Queue, ada: Agent, queries: Callable[[Callable[[], Any]], list[str]]
):
    kari = customer_for("kari@gmail.com", "Kari")
    for n in range(12):
        close(new_case(queue, kari, f"Case {n}"), by=ada)
    db.session.remove()

    def read() -> None:
        for line in timeline(kari.customer.id).lines:
            assert all(entry.contact and (entry.actor or entry.kind == "opened") for entry in line.entries)

    assert len(queries(read)) == 1


def test_everything_that_is_told_has_its_words(app: Flask, ada: Agent):
    told = {kind for kind, reactions in REACTIONS.items() if add in reactions}
    assert {"opened", "wrote", "answered", "closed", "reopened"} <= told
    for kind in told:
        for actor in (ada, None):
            entry = TimelineEntry(kind=kind, title="Lamp", case_number=1, actor=actor, data={"from_number": 7})
            words = entry_words(entry)
            assert words
            assert "%(" not in words
