"""A case's life: open, waiting, closed, open again; merged and taken apart."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.append import append
from helpdesk.cases.claim import claim
from helpdesk.cases.close import close, reopen
from helpdesk.cases.errors import AlreadyDone, CannotMerge, Moved
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.merge import keep_apart, merge, unmerge
from helpdesk.cases.models import Case, Message
from helpdesk.cases.queue import cases_in, counts, queues
from helpdesk.cases.thread import thread
from helpdesk.core.db import db, transaction

MORE = Incoming(text="It is worse now.", from_name="Solveig Dahl", from_address="solveig@fjordlys.example")
AWAY = Incoming(
    text="I am away until Monday.", from_name="", from_address="solveig@fjordlys.example", automatic="auto_reply"
)


def test_a_reply_opens_a_closed_case_again_and_it_stays_its_agents(case: Case, ada: Agent) -> None:
    claim(case, by=ada)
    close(case, by=ada)
    append(case, MORE)
    db.session.refresh(case)
    assert (case.status, case.owner_id, case.closed_at) == ("open", ada.id, None)
    assert case.snippet == "It is worse now."


def test_an_automatic_mail_opens_nothing(case: Case, ada: Agent) -> None:
    answer(case, Draft("Done.", seen=case.last_event_id, then_close=True), by=ada)
    append(case, AWAY)
    db.session.refresh(case)
    assert case.status == "closed"
    assert [m.automatic for m in db.session.scalars(select(Message).order_by(Message.id))] == ["", "", "auto_reply"]


def test_closing_a_closed_case_says_that_it_is_done(case: Case, ada: Agent) -> None:
    close(case, by=ada)
    with pytest.raises(AlreadyDone):
        close(case, by=ada)
    reopen(case, by=ada)
    with pytest.raises(AlreadyDone):
        reopen(case, by=ada)


def test_a_merged_case_leads_to_the_one_that_has_its_messages(make_case: Callable[..., Case], ada: Agent) -> None:
    first, second = make_case(), make_case(text="And the scanner too.")
    merge(second, into=first, by=ada)
    assert [entry.message.text for entry in thread(first).entries if entry.message] == [
        "The printer is on fire.",
        "And the scanner too.",
    ]
    append(second, MORE)
    assert [entry.message.text for entry in thread(first).entries if entry.message][-1] == "It is worse now."
    with pytest.raises(Moved):
        claim_or_close(second, ada)
    assert [case.number for case in cases_in("closed", ada).rows] == []


def claim_or_close(case: Case, by: Agent) -> None:
    close(case, by=by)


def test_a_merge_can_be_undone(make_case: Callable[..., Case], ada: Agent) -> None:
    first, second = make_case(), make_case(text="And the scanner too.")
    merge(second, into=first, by=ada)
    unmerge(second, by=ada)
    assert [e.message.text for e in thread(first).entries if e.message] == ["The printer is on fire."]
    assert [e.message.text for e in thread(second).entries if e.message] == ["And the scanner too."]
    assert second.status == "open"


def test_merges_one_upon_the_other_can_be_undone_in_any_order(make_case: Callable[..., Case], ada: Agent) -> None:
    first, second, third = make_case(), make_case(text="And the scanner too."), make_case(text="And the fax.")
    merge(third, into=second, by=ada)
    merge(second, into=first, by=ada)
    unmerge(second, by=ada)
    assert [e.message.text for e in thread(second).entries if e.message] == ["And the scanner too.", "And the fax."]
    merge(second, into=first, by=ada)
    unmerge(third, by=ada)
    assert [e.message.text for e in thread(third).entries if e.message] == ["And the fax."]
    unmerge(second, by=ada)
    assert [e.message.text for e in thread(second).entries if e.message] == ["And the scanner too."]
    assert [e.message.text for e in thread(first).entries if e.message] == ["The printer is on fire."]


def test_a_case_is_not_merged_with_itself(case: Case, ada: Agent) -> None:
    with pytest.raises(CannotMerge):
        merge(case, into=case, by=ada)


def test_a_suggestion_can_be_turned_down(make_case: Callable[..., Case], ada: Agent) -> None:
    first, second = make_case(), make_case()
    with transaction():
        second.maybe_of_id = first.id
    keep_apart(second, by=ada)
    db.session.refresh(second)
    assert second.maybe_of_id is None


def test_the_lists_hold_what_their_names_say(make_case: Callable[..., Case], ada: Agent, kim: Agent) -> None:
    made = [make_case(subject=f"Matter {n}") for n in range(5)]
    claim(made[1], by=ada)
    claim(made[2], by=kim)
    answer(made[3], Draft("Hi.", seen=made[3].last_event_id), by=ada)
    close(made[4], by=ada)
    lists = {view: [case.subject for case in cases_in(view, ada).rows] for view in ("unclaimed", "mine", "open")}
    assert lists == {
        "unclaimed": ["Matter 0"],
        "mine": ["Matter 1"],
        "open": ["Matter 0", "Matter 1", "Matter 2"],
    }
    assert [case.subject for case in cases_in("waiting", ada).rows] == ["Matter 3"]
    assert [case.subject for case in cases_in("closed", ada).rows] == ["Matter 4"]
    found = counts(ada)
    assert (found.unclaimed, found.mine, found.open, found.waiting) == (1, 1, 3, 1)
    assert found.oldest_unclaimed == made[0].waiting_since
    assert [(count.name, count.unclaimed) for count in queues()] == [("Support", 1)]


def test_a_list_is_read_page_by_page_without_gaps(
    app: Flask, make_case: Callable[..., Case], ada: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpdesk.cases import queue as lists

    monkeypatch.setattr(lists, "PAGE_SIZE", 3)
    numbers = [make_case().number for _ in range(8)]
    seen: list[int] = []
    after = None
    while True:
        page = cases_in("unclaimed", ada, after=after)
        seen += [case.number for case in page.rows]
        after = page.after
        if after is None:
            break
    assert seen == numbers
