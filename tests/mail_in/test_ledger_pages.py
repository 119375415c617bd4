"""The ledger on the screen: what waits for a person, why, and what a person does about it."""

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import AuditEntry
from helpdesk.cases.models import Case, Message
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.mail_in.conftest import PLAIN


@pytest.fixture
def page(signed_in, boss):
    return signed_in(boss)


@pytest.fixture
def held(queue):
    """A mail that waits for a person's yes."""
    return with_outcome(PLAIN, queue, "held", "authentication_failed", {"sender": "nora@example.net"})


def with_outcome(raw, queue, outcome, rule, evidence=None):
    row = receive(raw, Delivery("smtp", queue, "nora@example.net", queue.address))
    with transaction():
        row.outcome, row.rule, row.evidence = outcome, rule, evidence or {}
        row.sender, row.subject = "Nora Vik <nora@example.net>", "The printer is on fire"
        row.message_id = f"<{row.id}@example.net>"
    return row


def numbered(n):
    return PLAIN.replace(b"fire@", b"fire-%d@" % n)


def again(row):
    db.session.rollback()
    return db.session.get(InboundMail, row.id, populate_existing=True)


def audit():
    query = select(AuditEntry.action).where(AuditEntry.subject == "inbound_mail").order_by(AuditEntry.id)
    return db.session.scalars(query).all()


def test_the_ledger_is_for_admins(signed_in, ada, reader, held):
    for person in (ada, reader):
        assert signed_in(person).get("/settings/incoming").status_code == 403


def test_what_waits_for_a_person_stands_first_with_its_reason(page, queue, held):
    read_mail(receive(numbered(2), Delivery("lmtp", queue)).id)
    text = page.get("/settings/incoming").text
    assert text.index("Waits for a person") < text.index("Incoming mail, newest first")
    assert "It says that it is from nora@example.net, but our mail server found that it is not (DMARC)." in text
    assert "Nothing in it points to a case that we have." in text
    assert ">#1001</a>" in text


def test_the_filters_narrow_the_list_and_say_when_nothing_fits(page, queue, sales, held):
    with_outcome(numbered(2), sales, "duplicate", "seen_already", {"first": 1})
    assert page.get("/settings/incoming?outcome=duplicate").text.count("/settings/incoming/") == 1
    assert "/settings/incoming/2" in page.get("/settings/incoming?queue=sales").text
    assert page.get("/settings/incoming?words=NORA%20vik").text.count("/settings/incoming/") == 2
    assert "No mail fits" in page.get("/settings/incoming?words=100%25_").text
    assert "No mail fits" in page.get("/settings/incoming?door=pipe").text
    assert page.get("/settings/incoming?outcome=nonsense&door=;&mailbox=x").status_code == 200
    assert page.get("/settings/incoming?mailbox=%C2%B2").status_code == 200


def test_every_mail_is_on_exactly_one_page(page, queue):
    for n in range(60):
        with_outcome(numbered(n), queue, "refused", "discarded_by_person", {"reason": "x", "before": {}})
    first = page.get("/settings/incoming").text
    older = first.split('href="/settings/incoming?after=')[1].split('"')[0]
    second = page.get(f"/settings/incoming?after={older}").text
    seen = [text.count('<td><a href="/settings/incoming/') for text in (first, second)]
    assert seen == [50, 10]
    assert page.get("/settings/incoming?after=rubbish").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_ledger(page, queue, queries, held):
    page.get("/settings/incoming")
    few = queries(lambda: page.get("/settings/incoming"))
    for n in range(30):
        with_outcome(numbered(n), queue, "held", "authentication_failed")
    many = queries(lambda: page.get("/settings/incoming"))
    assert len(many) == len(few)


def test_a_mail_shows_its_source_and_is_saved_byte_for_byte(page, queue):
    raw = numbered(1) + b"<script>alert(1)</script>\xff\r\n"
    row = with_outcome(raw, queue, "held", "authentication_failed")
    text = page.get(f"/settings/incoming/{row.id}").text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    saved = page.get(f"/settings/incoming/{row.id}/source")
    assert saved.data == raw
    assert saved.headers["Content-Disposition"] == f'attachment; filename="incoming-{row.id}.eml"'
    assert saved.mimetype == "application/octet-stream"
    understood = page.get(f"/settings/incoming/{row.id}/read").text
    assert "nora@example.net" in understood
    assert "It burns with a blue flame." in understood


def test_run_again_reads_the_mail_anew(page, held):
    page.post(f"/settings/incoming/{held.id}/retry")
    row = again(held)
    assert (row.outcome, row.attempts, row.leased_until) == (None, 0, None)
    read_mail(row.id)
    assert again(held).outcome == "new_case"
    assert audit() == ["retried"]


def test_a_mail_on_a_case_is_not_run_discarded_or_let_in_twice(page, queue):
    row = receive(PLAIN, Delivery("lmtp", queue))
    read_mail(row.id)
    for act, form in (("retry", {}), ("discard", {"reason": "no"}), ("new-case", {}), ("onto-case", {"number": 1001})):
        answer = page.post(f"/settings/incoming/{row.id}/{act}", data=form)
        assert answer.status_code == 409
        assert "This mail stands on a case already." in answer.text
    assert db.session.scalars(select(Message)).all().__len__() == 1
    assert "Run again" not in page.get(f"/settings/incoming/{row.id}").text


def test_discarding_needs_a_reason_keeps_it_and_can_be_undone(page, held, boss):
    empty = page.post(f"/settings/incoming/{held.id}/discard", data={"reason": "  "})
    assert empty.status_code == 400
    assert "Please say why it is discarded." in empty.text
    answer = page.post(f"/settings/incoming/{held.id}/discard", data={"reason": "Known  fraud"}, follow_redirects=True)
    assert "A colleague discarded it: Known fraud" in answer.text
    assert (again(held).outcome, again(held).rule) == ("refused", "discarded_by_person")
    page.post(f"/settings/incoming/{held.id}/undiscard")
    row = again(held)
    assert (row.outcome, row.rule, row.evidence) == ("held", "authentication_failed", {"sender": "nora@example.net"})
    assert audit() == ["discarded", "undiscarded"]
    assert page.post(f"/settings/incoming/{held.id}/undiscard").status_code == 409


def test_a_held_mail_becomes_a_case_by_a_persons_yes(page, held):
    answer = page.post(f"/settings/incoming/{held.id}/new-case", follow_redirects=True)
    assert "The mail is on case #1001." in answer.text
    case = db.session.scalars(select(Case)).one()
    row = again(held)
    assert (row.outcome, row.rule, row.case_id) == ("new_case", "let_in_by_person", case.id)
    assert case.subject == "The printer is on fire"
    assert audit() == ["let_in"]


def test_a_held_mail_goes_onto_the_case_that_a_person_names(page, queue, held):
    read_mail(receive(numbered(7), Delivery("lmtp", queue)).id)
    wrong = page.post(f"/settings/incoming/{held.id}/onto-case", data={"number": "4711"})
    assert wrong.status_code == 404
    assert "There is no case with this number." in wrong.text
    assert 'value="4711"' in wrong.text
    page.post(f"/settings/incoming/{held.id}/onto-case", data={"number": "1001"})
    assert again(held).outcome == "appended"
    assert len(db.session.scalars(select(Message)).all()) == 2


def test_of_two_colleagues_who_let_the_same_mail_in_one_is_told(page, held):
    page.post(f"/settings/incoming/{held.id}/new-case")
    assert page.post(f"/settings/incoming/{held.id}/new-case").status_code == 409
    assert len(db.session.scalars(select(Case)).all()) == 1


def test_an_unknown_mail_is_said_to_be_nowhere(page, queue):
    assert page.get("/settings/incoming/4711").status_code == 404
    assert page.post("/settings/incoming/4711/retry").status_code == 404


@pytest.mark.parametrize("door", ["form", "api"])
def test_an_inquiry_by_form_is_no_mail_and_cannot_be_read_as_one(page, queue, door):
    row = receive(b'{"message": "Help"}', Delivery(door, queue))
    with transaction():
        row.outcome, row.rule = "new_case", "form"
    assert "Run again" not in page.get(f"/settings/incoming/{row.id}").get_data(as_text=True)
    for act in ("retry", "discard"):
        assert page.post(f"/settings/incoming/{row.id}/{act}", data={"reason": "twice"}).status_code == 409
    assert again(row).outcome == "new_case"
