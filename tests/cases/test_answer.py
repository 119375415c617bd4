"""Answering: one transaction from words to outbox, and never against an older state than its author saw."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer, answer_subject
from helpdesk.cases.append import append
from helpdesk.cases.drafts import draft_of
from helpdesk.cases.errors import BadAddress, EmptyText, NoRecipient, StaleAnswer
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Message, Participant
from helpdesk.cases.note import note
from helpdesk.core.db import db, transaction
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.reply_tokens import fits, tokens_in

MORE = Incoming(text="It is worse now.", from_name="Solveig Dahl", from_address="solveig@fjordlys.example")


def outbox() -> list[OutboundMail]:
    return list(db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)))


def test_an_answer_stands_in_the_outbox_and_the_case_waits(case: Case, ada: Agent) -> None:
    answer(case, Draft("Use the blue cable.", seen=case.last_event_id), by=ada)
    mail = outbox()[0]
    db.session.refresh(case)
    assert (case.status, case.owner) == ("waiting", ada)
    assert [r.address for r in mail.recipients] == ["solveig@fjordlys.example"]
    assert mail.in_reply_to == "first@fjordlys.example"
    assert mail.references == ["first@fjordlys.example"]
    assert mail.subject == f"Re: Printer on fire [#{case.number}]"
    assert mail.state == "queued"


def test_its_message_id_carries_a_token_for_its_recipient(case: Case, ada: Agent) -> None:
    answer(case, Draft("Use the blue cable.", seen=case.last_event_id), by=ada)
    [token] = tokens_in([outbox()[0].message_id])
    assert token.case_id == case.id
    assert fits(token, "Solveig@Fjordlys.example")
    assert not fits(token, "mallory@evil.example")


def test_answer_and_close_closes(case: Case, ada: Agent) -> None:
    answer(case, Draft("Done.", seen=case.last_event_id, then_close=True), by=ada)
    db.session.refresh(case)
    assert case.status == "closed"
    assert case.closed_at is not None


def test_a_click_repeated_because_nothing_came_back_is_no_second_answer_whatever_came_since(
    case: Case, ada: Agent
) -> None:
    draft = Draft("Use the blue cable.", seen=case.last_event_id)
    first = answer(case, draft, by=ada)
    append(case, MORE)
    assert answer(case, draft, by=ada).id == first.id
    assert len(outbox()) == 1


def test_an_answer_written_before_the_customer_wrote_again_is_refused_and_kept(case: Case, ada: Agent) -> None:
    seen = case.last_event_id
    append(case, MORE)
    with pytest.raises(StaleAnswer) as refusal:
        answer(case, Draft("Use the blue cable.", seen=seen, cc="per@fjordlys.example"), by=ada)
    assert [event.message.text for event in refusal.value.news] == ["It is worse now."]
    kept = draft_of(case, ada)
    assert kept is not None
    assert (kept.text, kept.cc) == ("Use the blue cable.", "per@fjordlys.example")
    assert outbox() == []


def test_a_colleagues_note_makes_an_answer_stale_and_ones_own_does_not(case: Case, ada: Agent, kim: Agent) -> None:
    seen = case.last_event_id
    note(case, "I wrote this myself.", by=ada)
    answer(case, Draft("First.", seen=seen), by=ada)
    seen = case.last_event_id
    note(case, "Wait, do not send that.", by=kim)
    with pytest.raises(StaleAnswer):
        answer(case, Draft("Second.", seen=seen), by=ada)


def test_two_answers_at_once_one_leaves_and_the_other_gets_the_difference(
    app: Flask, case: Case, ada: Agent, kim: Agent
) -> None:
    seen, start, results = case.last_event_id, threading.Barrier(2), []

    def one(agent_id: int) -> None:
        with app.app_context():
            agent, mine = db.session.get_one(Agent, agent_id), db.session.get_one(Case, case.id)
            start.wait()
            try:
                answer(mine, Draft(f"From {agent.name}.", seen=seen), by=agent)
                results.append("sent")
            except StaleAnswer as refusal:
                results.append(f"refused, {len(refusal.news)} new")
            db.session.remove()

    threads = [threading.Thread(target=one, args=(agent.id,)) for agent in (ada, kim)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused, 1 new", "sent"]
    assert len(outbox()) == 1


def test_a_sent_answer_forgets_the_draft(case: Case, ada: Agent) -> None:
    from helpdesk.cases.drafts import save_draft

    save_draft(case, ada, "Use the bl")
    answer(case, Draft("Use the blue cable.", seen=case.last_event_id), by=ada)
    assert draft_of(case, ada) is None


def test_copies_become_participants(case: Case, ada: Agent) -> None:
    answer(case, Draft("Hi both.", seen=case.last_event_id, cc="Per Strand <Per@Strand.example>; x@y.example"), by=ada)
    people = set(db.session.scalars(select(Participant.address).where(Participant.case_id == case.id)))
    assert people == {"solveig@fjordlys.example", "per@strand.example", "x@y.example"}
    sent = db.session.scalars(select(Message).where(Message.direction == "out")).one()
    assert sent.cc == [["Per Strand", "per@strand.example"], ["", "x@y.example"]]


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (Draft("  \n ", seen=99), EmptyText),
        (Draft("Hi", seen=99, cc="not an address"), BadAddress),
        (Draft("Hi", seen=99, to="a@b@c"), BadAddress),
    ],
)
def test_what_cannot_be_sent_is_said_plainly_and_sends_nothing(
    case: Case, ada: Agent, draft: Draft, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        answer(case, draft, by=ada)
    assert outbox() == []


def test_a_case_without_an_address_asks_for_one(case: Case, ada: Agent) -> None:
    with transaction():
        case.from_address = ""
    with pytest.raises(NoRecipient):
        answer(case, Draft("Hello?", seen=case.last_event_id), by=ada)
    answer(case, Draft("Hello!", seen=case.last_event_id, to="found@fjordlys.example"), by=ada)
    assert [r.address for r in outbox()[0].recipients] == ["found@fjordlys.example"]


def test_re_stands_once(case: Case) -> None:
    case.subject = "Re: SV: re: Hello"
    assert answer_subject(case) == f"Re: Hello [#{case.number}]"


def test_an_answers_mail_is_signed(case: Case, ada: Agent) -> None:
    ada.signature = "Ada\nFjordlys"
    answer(case, Draft("Use the blue cable.", seen=case.last_event_id), by=ada)
    assert outbox()[0].text.endswith("\n\n-- \nAda\nFjordlys\n")
