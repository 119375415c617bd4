"""Whatever comes in by mail ends in the ledger with one outcome, whole, and the mail behind it comes in too."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.db import db, transaction
from helpdesk.mail_in.models import OUTCOMES, InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from tests.fuzz.mails import ADDRESSES, MAILS, SEEDS, TEXTS
from tests.fuzz.pace import tried, tries
from tests.fuzz.whole import HALVES, halves
from tests.letters import letter

ENVELOPES = st.one_of(
    st.none(),
    st.just(""),
    ADDRESSES,
    TEXTS.map(lambda text: text.replace("\0", "").encode("utf-8", "replace").decode()),
)


def take_in(raw: bytes, queue: Queue, sender: str | None, recipient: str) -> InboundMail:
    """By the pipe, and read at once; it has its outcome at the first attempt."""
    row_id = receive(raw, Delivery("pipe", queue, sender, recipient)).id
    read_mail(row_id)
    db.session.remove()
    row = db.session.get_one(InboundMail, row_id)
    assert row.outcome in OUTCOMES, f"not read: {row.problems}"
    assert row.rule != "gave_up", row.problems
    tried("mails taken in")
    return row


@pytest.mark.usefixtures("ada")
def test_every_mail_ends_in_the_ledger_whole(queue: Queue) -> None:
    queue_id = queue.id

    @tries(45)
    @given(MAILS, ENVELOPES, ADDRESSES, st.booleans())
    def comes_in(raw: bytes, sender: str | None, recipient: str, again: bool) -> None:
        to = db.session.get_one(Queue, queue_id)
        first = take_in(raw, to, sender, recipient).id
        if again:
            to = db.session.get_one(Queue, queue_id)
            second = take_in(raw.replace(b"\r\n", b"\n"), to, None, "")
            assert second.outcome == "duplicate" or b"\r" in raw.replace(b"\r\n", b""), (
                first,
                second.outcome,
                second.rule,
            )

    comes_in()
    assert halves() == []
    to = db.session.get_one(Queue, queue_id)
    assert take_in(letter(), to, None, "").outcome == "new_case"


def test_a_deceiver_joins_no_case_and_becomes_nobody_else(queue: Queue) -> None:
    """A reply under another's name, from another's address, is not taken for the participant's."""
    first = take_in(letter(from_="Alice <alice@example.org>", message_id="<first@example.org>"), queue, None, "")
    case_id, queue_id = first.case_id, queue.id

    @tries(30)
    @given(
        st.sampled_from(
            ["alice@example.org", '"alice@example.org"', "=?utf-8?q?alice=40example=2Eorg?=", "(alice@example.org)"]
        ),
        TEXTS,
    )
    def pretends(name: str, more: str) -> None:
        subject = more.encode("utf-8", "replace").hex()
        raw = f"From: {name} <bob@evil.example>\nIn-Reply-To: <first@example.org>\nSubject: {subject}\n\nPay!\n"
        row = take_in(raw.encode(), db.session.get_one(Queue, queue_id), "alice@example.org", "")
        assert row.outcome in ("new_case", "duplicate")
        assert row.case_id != case_id
        assert row.case is not None
        assert row.case.from_address == "bob@evil.example"

    pretends()
    assert halves() == []


@pytest.mark.parametrize("name", [path.name for path in sorted(SEEDS.glob("*.eml"))])
def test_a_mail_that_once_did_harm_comes_in_whole(name: str, queue: Queue) -> None:
    take_in((SEEDS / name).read_bytes(), queue, None, "")
    assert halves() == []


def test_the_look_sees_what_is_half_there(queue: Queue, ada: Agent, post_mail: Callable[..., InboundMail]) -> None:
    """Each of its questions can be answered with a row, or it would look at nothing."""
    post_mail(letter())
    assert halves() == []
    with transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text("delete from case_events"))
        session.execute(text("delete from participants"))
        session.execute(text("delete from timeline_entries"))
        session.execute(text("delete from case_words"))
        session.execute(text("delete from messages"))
        session.execute(text("delete from contacts"))
        session.execute(text("update inbound_mails set done_at = null, door = 'form'"))
    found = {sentence.partition(":")[0] for sentence in halves()}
    expected = {
        "a ledger row has its outcome and not its end",
        "a case came in and not exactly one ledger row says so",
        "a case was not opened exactly once",
        "a case has no words",
        "a case waits for an event that never was",
        "a case cannot be found",
        "a customer's timeline lacks a case",
        "whoever opened a case takes no part in it",
        "a private person is nobody",
    }
    assert found == expected
    assert found <= set(HALVES)
