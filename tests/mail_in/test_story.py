"""From mail to case: every mail ends with one outcome, and only who may joins a case by itself."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.close import close
from helpdesk.cases.merge import merge
from helpdesk.cases.models import Case, Message, Queue
from helpdesk.cases.thread import thread
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.explain import explain
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_out.models import OutboundMail
from tests.letters import letter

Post = Callable[..., InboundMail]


def sent_id() -> str:
    """The Message-ID of the latest mail that we sent."""
    return db.session.scalars(select(OutboundMail.message_id).order_by(OutboundMail.id.desc())).first() or ""


@pytest.fixture
def answered(post_mail: Post, ada: Agent) -> Case:
    """A case of Solveig's that was answered once."""
    row = post_mail(letter(message_id="<first@fjordlys.example>"))
    case = db.session.get_one(Case, row.case_id)
    answer(case, Draft("Try the blue cable.", seen=case.last_event_id), by=ada)
    return case


def test_a_mail_becomes_a_case_of_its_customer(post_mail: Post) -> None:
    row = post_mail(letter())
    case = db.session.get_one(Case, row.case_id)
    assert (row.outcome, row.rule) == ("new_case", "new_matter")
    assert (case.subject, case.status, case.owner_id, case.source) == ("Printer on fire", "open", None, "mail")
    assert (case.customer.name, case.customer.stage) == ("Solveig Dahl", "prospect")
    assert [entry.message.text for entry in thread(case).entries if entry.message] == ["The printer is on fire."]


def test_the_same_mail_again_is_a_duplicate(post_mail: Post) -> None:
    raw = letter()
    first, again = post_mail(raw), post_mail(b"Received: from a by b\r\n" + raw)
    assert (again.outcome, again.case_id) == ("duplicate", first.case_id)
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_the_same_message_id_with_other_words_is_not_a_duplicate(post_mail: Post) -> None:
    post_mail(letter("One", message_id="<same@x.example>"))
    other = post_mail(letter("Two", message_id="<same@x.example>"))
    assert other.outcome == "new_case"


def test_the_same_mail_to_two_queues_is_two_cases(post_mail: Post) -> None:
    with transaction() as session:
        sales = Queue(name="Sales", slug="sales", address="sales@desk.example")
        session.add(sales)
    raw = letter()
    assert [post_mail(raw).outcome, post_mail(raw, to=sales).outcome] == ["new_case", "new_case"]


def test_the_same_mail_by_six_doors_in_the_same_moment_is_one_case(app: Flask, queue: Queue) -> None:
    raw, start = letter(), threading.Barrier(6)
    ids = [receive(raw, Delivery("pipe", queue)).id for _ in range(6)]

    def one(row_id: int) -> None:
        with app.app_context():
            start.wait()
            read_mail(row_id)
            db.session.remove()

    threads = [threading.Thread(target=one, args=(row_id,)) for row_id in ids]
    for worker in threads:
        worker.start()
    for worker in threads:
        worker.join()
    db.session.rollback()
    outcomes = sorted(db.session.scalars(select(InboundMail.outcome)))
    assert outcomes == ["duplicate"] * 5 + ["new_case"]


def test_a_reply_to_our_answer_joins_its_case_and_opens_it(answered: Case, post_mail: Post, ada: Agent) -> None:
    close(answered, by=ada)
    row = post_mail(letter("It works!", in_reply_to=sent_id(), subject="Re: Printer on fire"))
    db.session.refresh(answered)
    assert (row.outcome, row.rule, row.case_id) == ("appended", "reply_token", answered.id)
    assert (answered.status, answered.owner_id) == ("open", ada.id)


def test_a_reply_to_the_plus_address_joins_without_any_reference(post_mail: Post, ada: Agent, queue: Queue) -> None:
    with transaction():
        queue.plus_addresses = True
    case = db.session.get_one(Case, post_mail(letter()).case_id)
    answer(case, Draft("Hello.", seen=case.last_event_id), by=ada)
    reply_to = db.session.scalars(select(OutboundMail.reply_to)).one()
    row = post_mail(letter("Thanks", to=reply_to, subject="Something else"))
    assert (row.outcome, row.rule, row.case_id) == ("appended", "reply_token", case.id)


def test_a_stranger_with_the_token_gets_a_case_of_their_own(answered: Case, post_mail: Post) -> None:
    row = post_mail(letter("Let me in", from_="Mallory <mallory@evil.example>", in_reply_to=sent_id()))
    case = db.session.get_one(Case, row.case_id)
    assert (row.outcome, row.rule) == ("new_case", "token_from_stranger")
    assert (case.maybe_of_id, case.id != answered.id) == (answered.id, True)
    assert "mallory@evil.example" in explain(row)


def test_a_forged_token_counts_for_nothing(answered: Case, post_mail: Post) -> None:
    forged = f"<c{answered.id}.0123456789abc.{'a' * 32}@desk.example>"
    row = post_mail(letter("Hello", from_="Mallory <mallory@evil.example>", in_reply_to=forged))
    assert (row.outcome, row.rule) == ("new_case", "new_matter")


def test_the_customers_second_mail_in_the_thread_joins_by_its_message_id(post_mail: Post) -> None:
    first = post_mail(letter(message_id="<first@fjordlys.example>"))
    row = post_mail(letter("And the scanner.", references="<first@fjordlys.example>"))
    assert (row.outcome, row.rule, row.case_id) == ("appended", "known_message_id", first.case_id)


def test_a_stranger_in_the_thread_gets_a_case_marked_possibly(post_mail: Post) -> None:
    first = post_mail(letter(message_id="<first@fjordlys.example>"))
    row = post_mail(letter("Me too", from_="x@other.example", in_reply_to="<first@fjordlys.example>"))
    case = db.session.get_one(Case, row.case_id)
    assert (row.rule, case.maybe_of_id) == ("thread_from_stranger", first.case_id)


def test_a_number_in_the_subject_only_suggests(answered: Case, post_mail: Post) -> None:
    row = post_mail(letter("Hi again", subject=f"About [#{answered.number}]"))
    case = db.session.get_one(Case, row.case_id)
    assert (row.outcome, row.rule, case.maybe_of_id) == ("new_case", "number_in_subject", answered.id)


def test_a_failed_authentication_is_held_for_a_person(app: Flask, answered: Case, post_mail: Post) -> None:
    app.config["AUTHSERV_ID"] = "mx.desk.example"
    row = post_mail(
        letter(
            "Please send the money elsewhere.",
            in_reply_to="<first@fjordlys.example>",
            authentication_results="mx.desk.example; dmarc=fail header.from=fjordlys.example",
        )
    )
    assert (row.outcome, row.rule, row.case_id) == ("held", "authentication_failed", answered.id)
    assert db.session.scalar(select(func.count()).select_from(Message).where(Message.case_id == answered.id)) == 2


def test_a_verdict_of_somebody_elses_server_is_not_believed(app: Flask, answered: Case, post_mail: Post) -> None:
    app.config["AUTHSERV_ID"] = "mx.desk.example"
    forged = "mx.elsewhere.example; dmarc=fail header.from=fjordlys.example"
    row = post_mail(letter("Hi", in_reply_to="<first@fjordlys.example>", authentication_results=forged))
    assert row.outcome == "appended"


def test_an_out_of_office_reply_stands_on_its_case_and_opens_nothing(
    answered: Case, post_mail: Post, ada: Agent
) -> None:
    close(answered, by=ada)
    row = post_mail(
        letter("I am away.", in_reply_to=sent_id(), auto_submitted="auto-replied", subject="Automatic reply")
    )
    db.session.refresh(answered)
    assert (row.outcome, row.case_id, answered.status) == ("automatic", answered.id, "closed")


def test_an_automatic_reply_to_nothing_makes_no_case(post_mail: Post) -> None:
    row = post_mail(letter("I am away.", auto_submitted="auto-replied", subject="Out of office"))
    assert (row.outcome, row.case_id) == ("automatic", None)


def test_a_bounce_stands_on_the_case_whose_answer_bounced(answered: Case, post_mail: Post) -> None:
    bounce = (
        b"From: MAILER-DAEMON@mx.fjordlys.example\r\nTo: support@desk.example\r\nSubject: Undelivered Mail\r\n"
        b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.fjordlys.example\r\n\r\n"
        b"Final-Recipient: rfc822; solveig@fjordlys.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + sent_id().encode() + b"\r\n\r\n--b--\r\n"
    )
    row = post_mail(bounce)
    assert (row.outcome, row.rule, row.case_id) == ("bounce", "bounce_of_case", answered.id)
    assert "solveig@fjordlys.example" in explain(row)


def test_our_own_mail_coming_back_ends_here(post_mail: Post) -> None:
    row = post_mail(letter("Round and round", from_="Support <support@desk.example>"))
    assert (row.outcome, row.rule, row.case_id) == ("automatic", "our_own_mail", None)


def test_a_reply_to_a_merged_case_joins_the_one_that_has_its_messages(
    answered: Case, post_mail: Post, ada: Agent
) -> None:
    other = db.session.get_one(Case, post_mail(letter("Another matter")).case_id)
    our_id = sent_id()
    merge(answered, into=other, by=ada)
    row = post_mail(letter("It works!", in_reply_to=our_id))
    assert (row.outcome, row.case_id) == ("appended", other.id)


def test_a_colleague_forwards_and_the_case_is_the_customers(post_mail: Post, ada: Agent) -> None:
    text = (
        "Can you take this one?\n\n---------- Forwarded message ---------\n"
        "From: Per Strand <per@strand.example>\nDate: Mon, 2 Nov 2026 at 08:00\n"
        "Subject: Subscription\nTo: Ada <ada@desk.example>\n\n\nHow do I change my subscription?\n"
    )
    row = post_mail(letter(text, from_="Ada <ada@desk.example>", subject="Fwd: Subscription"))
    case = db.session.get_one(Case, row.case_id)
    assert (case.from_address, case.customer.name, case.subject) == ("per@strand.example", "Per Strand", "Subscription")
    said = [(m.message.direction, m.message.text.strip()) for m in thread(case).entries if m.message]
    assert said == [("in", "How do I change my subscription?"), ("note", "Can you take this one?")]


def test_a_new_copy_and_another_reply_address_are_shown_and_not_acted_upon(answered: Case, post_mail: Post) -> None:
    post_mail(
        letter(
            "See my colleague",
            in_reply_to=sent_id(),
            cc="new@fjordlys.example",
            reply_to="elsewhere@evil.example",
        )
    )
    latest = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert latest is not None
    assert "elsewhere@evil.example" in latest.warning
    assert "new@fjordlys.example" in latest.warning
    db.session.refresh(answered)
    assert answered.from_address == "solveig@fjordlys.example"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\x00\x00\xff",
        b"Message-ID: <\n\nhi",
        b"Subject: =?x?q?=00?=\n\n\x00 body \xed\xa0\x80",
        b"a" * 5000,
    ],
)
def test_a_mail_that_is_hardly_one_becomes_a_case_all_the_same(post_mail: Post, raw: bytes) -> None:
    row = post_mail(raw)
    assert row.outcome == "new_case"


def test_attachments_stand_on_the_message(post_mail: Post) -> None:
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Per <per@strand.example>", "support@desk.example", "Bill"
    mail.set_content("See the file.")
    mail.add_attachment(b"%PDF-1.4 hello", maintype="application", subtype="pdf", filename="regning æ.pdf")
    case = db.session.get_one(Case, post_mail(mail.as_bytes()).case_id)
    [entry] = [e for e in thread(case).entries if e.message]
    [file] = entry.message.attachments
    from helpdesk.blobs.store import get

    assert (file.filename, file.content_type, get(file.sha256)) == (
        "regning æ.pdf",
        "application/pdf",
        b"%PDF-1.4 hello",
    )


def test_a_mail_whose_bytes_are_lost_is_over_again_and_then_shown_as_unreadable(
    app: Flask, queue: Queue, environment: dict[str, Any]
) -> None:
    from pathlib import Path

    row = receive(letter("gone " * 3), Delivery("pipe", queue))
    path = Path(environment["BLOB_URL"]) / row.raw_sha256[:2] / row.raw_sha256[2:4] / row.raw_sha256
    kept = path.read_bytes()
    path.unlink()
    for _ in range(5):
        read_mail(row.id)
    db.session.refresh(row)
    assert (row.outcome, row.rule, row.attempts) == ("unreadable", "gave_up", 5)
    path.write_bytes(kept)


def test_reading_a_mail_twice_changes_nothing(post_mail: Post) -> None:
    row = post_mail(letter())
    read_mail(row.id)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1
