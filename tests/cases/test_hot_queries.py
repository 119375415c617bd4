"""What people and machines ask again and again is found by an index: no table that grows is read from end to end."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.claim import assign, claim, claim_next, release
from helpdesk.cases.close import close, reopen
from helpdesk.cases.models import Case, Message
from helpdesk.cases.note import note
from helpdesk.cases.queue import VIEWS
from helpdesk.core.db import Base, db, transaction
from helpdesk.core.leases import lease
from helpdesk.core.tokens import new_secret
from helpdesk.demo.load import Wanted, load
from helpdesk.live.replay import since
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_in.sweep import sweep_inbound
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.sweep import due_mail
from tests.cases.plans import Read, told
from tests.conftest import empty_the_tables
from tests.signing_in import browser_of

CASES = 20_000
FEW = {"agents", "queues", "mailboxes", "heartbeats", "one_time_links"}
"""What stays small in the largest desk: reading it whole is the quickest way. Links are made for invitations only."""
ROWS_MOST = 5_000
"""Rows that one statement may look at in one table, also by an index."""
FILL = """
    insert into customers (kind, name, stage)
        select case n % 3 when 0 then 'company' else 'person' end, 'Customer ' || n,
               (array['suspect', 'prospect', 'customer', 'former'])[1 + n % 4] from generate_series(1, 20000) n;
    insert into contacts (customer_id, name) select id, 'Contact ' || id from customers;
    insert into contact_points (customer_id, contact_id, kind, value)
        select customer_id, id, 'email', 'contact' || id || '@company' || id / 3 || '.example' from contacts;
    insert into postal_addresses (customer_id, kind) select id, 'post' from customers;
    insert into inbound_mails (door, queue_id, raw_sha256, size, message_id, content_hash, outcome, rule, case_id,
                               message_row_id, sender, subject, received_at, done_at)
        select 'lmtp', c.queue_id, (select min(sha256) from blobs), 1000, 'first.' || m.id, 'hash ' || m.id,
               case m.id % 500 when 0 then 'held' when 1 then 'unreadable' else 'new_case' end, 'new_matter', c.id,
               m.id, m.from_address, m.subject, m.at, m.at
        from messages m join cases c on c.id = m.case_id where m.direction = 'in';
    insert into inbound_mails (door, queue_id, raw_sha256, size, leased_until)
        select 'lmtp', 1, (select min(sha256) from blobs), 1000, now() + interval '1 hour' from generate_series(1, 50);
    insert into blobs (sha256, size) select 'blob' || n, 1 from generate_series(1, 20000) n;
    insert into audit_log (actor_id, action, subject, subject_id, change)
        select 1, 'changed', 'queue', n % 10, '{}' from generate_series(1, 20000) n;
    insert into sent_confirmations (address, at)
        select 'a' || n || '@b.example', now() from generate_series(1, 20000) n;
    insert into drafts (case_id, agent_id, text, saved_at)
        select id, 1, 'I', now() from cases;
    insert into sign_ins (secret_hash, agent_id) select sha256(n::text::bytea), 1 from generate_series(1, 20000) n;
"""
MAIL = """\
From: {sender}
To: support@desk.example
Subject: {subject}
Message-ID: <{id}@elsewhere.example>
{more}
Hello there
"""


@pytest.fixture(scope="module")
def desk(session_app: Flask) -> Iterator[Flask]:
    """The application over many rows of everything."""
    with session_app.app_context():
        empty_the_tables()
        for _done in load(Wanted(cases=CASES, seed=1), "a password for trying"):
            pass
        with transaction() as session:
            for statement in FILL.split(";\n"):
                session.execute(text(statement))
        # As autovacuum does: until then an index for words has a heap of new ones that every search goes through.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        yield session_app
        db.session.rollback()
        db.session.remove()


@pytest.fixture(scope="module")
def reads(desk: Flask) -> Iterator[Callable[[Callable[[], object]], list[Read]]]:
    """Does a piece of work, and says which tables were read for it and how."""
    with told() as listening:
        yield listening


@pytest.fixture(scope="module")
def agent(desk: Flask) -> Agent:
    """An admin of the made-up company."""
    found = db.session.scalars(select(Agent).where(Agent.role == "admin")).one()
    db.session.expunge(found)
    return found


@pytest.fixture(scope="module")
def browser(desk: Flask, agent: Agent) -> FlaskClient:
    """A browser in which the admin is signed in."""
    return browser_of(desk, agent)


def judge(found: list[Read]) -> None:
    """No table that grows was read whole, nor very many rows of it by an index."""
    assert found, "nothing was read: there is nothing to judge"
    wrong = [one for one in found if one.table not in FEW and (one.whole or one.rows > ROWS_MOST)]
    assert wrong == []


def test_there_are_enough_rows_to_judge_by(desk: Flask) -> None:
    """With few rows PostgreSQL rightly reads a table whole, and the tests here could not fail."""
    tables = [table.name for table in Base.metadata.sorted_tables if table.name not in FEW]
    counts = {name: db.session.scalar(text(f"select count(*) from {name}")) for name in tables}
    assert {name: count for name, count in counts.items() if (count or 0) < 4_000} == {}


def test_a_whole_table_that_is_read_is_noticed(reads: Callable[..., list[Read]]) -> None:
    found = reads(lambda: db.session.execute(text("select count(*) from cases where subject like '%faktura%'")).all())
    assert [(one.table, one.whole, one.rows) for one in found] == [("cases", True, float(CASES))]
    with pytest.raises(AssertionError):
        judge(found)


PAGES = {
    **{f"the queue: {view}": f"/cases?view={view}" for view in VIEWS},
    **{f"one queue: {view}": f"/cases?view={view}&queue=support" for view in VIEWS},
    "a case": "/cases/{case}",
    "what is new on a case": "/cases/{case}/news?seen=0",
    "search: a common word": "/search?q=faktura",
    "search: a beginning": "/search?q=fakt",
    "search: two words": "/search?q=faktura+betaling",
    "search: a name": "/search?q={name}",
    "search: an address": "/search?q={address}",
    "search: a number": "/search?q=%23{case}",
    "search: what is nowhere": "/search?q=zzyzx",
    "the customers": "/customers",
    "the customers: one stage": "/customers?stage=prospect",
    "the customers: by name": "/customers?q=Contact+1234",
    "the customers: by address": "/customers?q={address}",
    "the customers: by domain": "/customers?q=company1234.example",
    "the customers: by phone": "/customers?q=%2B4722000123",
    "a customer": "/customers/{customer}",
    "incoming mail": "/settings/incoming",
    "incoming mail: held": "/settings/incoming?outcome=held",
    "incoming mail: new cases": "/settings/incoming?outcome=new_case",
    "incoming mail: waiting": "/settings/incoming?outcome=waiting",
    "a mail that came in": "/settings/incoming/1",
    "the outbox": "/settings/outbox",
    "the outbox: sent": "/settings/outbox?show=sent",
    "the outbox: waiting": "/settings/outbox?show=waiting",
    "the audit trail": "/settings/changes",
    "the status page": "/settings/status",
    "live events by polling": "/live/poll?after=1",
    "readiness": "/ready",
}


@pytest.mark.parametrize("name", PAGES)
def test_no_page_reads_a_table_that_grows(
    name: str, browser: FlaskClient, reads: Callable[..., list[Read]], desk: Flask
) -> None:
    case = db.session.scalars(select(Case).where(Case.status == "open").order_by(Case.id).limit(1)).one()
    where = {"case": case.number, "name": case.from_name, "address": case.from_address, "customer": case.customer_id}
    path = PAGES[name].format(**where)
    browser.get(path)
    answers = []
    found = reads(lambda: answers.append(browser.get(path)))
    assert answers[0].status_code in (200, 503)
    judge(found)


def taken_in(case: Case, sender: str, **more: str) -> InboundMail:
    """A mail, received and read as doors and workers do it."""
    fields = {"subject": "Hello", "id": new_secret()[:12], "more": "", **more}
    row = receive(MAIL.format(sender=sender, **fields).encode(), Delivery("lmtp", case.queue))
    read_mail(row.id)
    return row


def reply_to(message: Message, case: Case) -> InboundMail:
    """A reply by who opened the case."""
    return taken_in(case, case.from_address, more=f"In-Reply-To: <{message.message_id}>\n")


MAILS: dict[str, tuple[Callable[[Case], InboundMail], str]] = {
    "from a stranger": (lambda case: taken_in(case, "somebody@new.example"), "new_case"),
    "from a known address": (lambda case: taken_in(case, case.from_address), "new_case"),
    "from a colleague of a known one": (lambda case: taken_in(case, "nina@company1234.example"), "new_case"),
    "with a number in the subject": (
        lambda case: taken_in(case, "somebody@new.example", subject=f"About [#{case.number}]"),
        "new_case",
    ),
    "in reply to our answer": (lambda case: reply_to(said(case, "out"), case), "appended"),
    "that is known already": (
        lambda case: [taken_in(case, "twice@new.example", id=f"twice{n // 2}") for n in range(2)][1],
        "duplicate",
    ),
    "written by a machine": (
        lambda case: taken_in(case, "robot@new.example", more="Auto-Submitted: auto-replied\n"),
        "automatic",
    ),
}


def said(case: Case, direction: str) -> Message:
    """The latest message of a case, to us or from us."""
    query = select(Message).where(Message.case_id == case.id, Message.direction == direction)
    return db.session.scalars(query.order_by(Message.id.desc()).limit(1)).one()


@pytest.mark.parametrize("name", MAILS)
def test_no_mail_that_comes_in_reads_a_table_that_grows(name: str, reads: Callable[..., list[Read]]) -> None:
    case = db.session.scalars(select(Case).where(Case.status == "waiting").order_by(Case.id).limit(1)).one()
    work, outcome = MAILS[name]
    rows: list[InboundMail] = []
    found = reads(lambda: rows.append(work(case)))
    db.session.refresh(rows[0])
    assert rows[0].outcome == outcome
    judge(found)


ACTS: dict[str, Callable[[Case, Agent], object]] = {
    "claim": lambda case, by: claim(case, by=by),
    "release": lambda case, by: release(case, by=by),
    "assign": lambda case, by: assign(case, by, by=by),
    "note": lambda case, by: note(case, "Ask Kari.", by=by),
    "answer": lambda case, by: answer(case, Draft("It is on its way.", seen=10**12), by=by),
    "close": lambda case, by: close(case, by),
    "reopen": lambda case, by: reopen(case, by=by),
    "claim next": lambda _case, by: claim_next(by),
    "sweep incoming mail": lambda _case, _by: sweep_inbound(),
    "sweep the outbox": lambda _case, _by: db.session.scalars(due_mail()).all(),
    "lease a mail that came in": lambda _case, _by: lease(InboundMail, 1, seconds=1),
    "lease a mail that goes out": lambda _case, _by: lease(OutboundMail, 1, seconds=1),
    "replay live events": lambda _case, _by: since(1000),
}


def test_no_act_and_no_round_of_a_sweeper_reads_a_table_that_grows(
    agent: Agent, reads: Callable[..., list[Read]]
) -> None:
    query = select(Case).where(Case.status == "open", Case.owner_id.is_(None)).order_by(Case.id.desc()).limit(1)
    case, by = db.session.scalars(query).one(), db.session.get_one(Agent, agent.id)
    for name, act in ACTS.items():
        found = reads(lambda act=act: act(case, by))
        wrong = [one for one in found if one.table not in FEW and (one.whole or one.rows > ROWS_MOST)]
        assert (name, wrong) == (name, [])
