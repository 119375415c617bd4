"""The made-up company: complete, the same for a seed, and quickly there."""

import io
import zlib
from collections import Counter

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent
from helpdesk.blobs.store import get
from helpdesk.cases.claim import claim
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Attachment, Case, CaseEvent, Message, Queue
from helpdesk.cases.open import open_case
from helpdesk.cases.queue import counts
from helpdesk.core.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.customers.match import customer_for
from helpdesk.customers.models import ContactPoint, Customer, TimelineEntry
from helpdesk.mail_out.reply_tokens import fits, tokens_in
from helpdesk.search.find import find
from helpdesk.search.index import vector
from helpdesk.search.words import joined


def load(app: Flask, *more: str, cases: int = 120) -> Result:
    app.config["MAIL_DOMAIN"] = "fjordlys.example"
    arguments = ["demo", "load", "--cases", str(cases), "--seed", "1", "--password", "a password for trying", *more]
    return app.test_cli_runner().invoke(args=arguments)


@pytest.fixture
def loaded(app: Flask) -> Flask:
    """The application with 120 made-up cases."""
    done = load(app, "--customers", "40")
    assert done.exit_code == 0, done.output
    db.session.rollback()
    return app


def test_there_are_as_many_of_everything_as_asked_for(loaded: Flask) -> None:
    assert db.session.query(Case).count() == 120
    assert db.session.query(Agent).count() == 12
    assert db.session.query(Customer).count() == 40
    assert {queue.slug for queue in db.session.scalars(select(Queue))} == {"support", "invoices", "sales"}
    assert {customer.language for customer in db.session.scalars(select(Customer))} == {"nb", "en"}
    roles = Counter(agent.role for agent in db.session.scalars(select(Agent)))
    assert roles == {"admin": 1, "agent": 10, "reader": 1}


def test_everybody_signs_in_with_the_password_that_was_given(loaded: Flask) -> None:
    kept = {agent.password_hash for agent in db.session.scalars(select(Agent))}
    assert [passwords.fits(one, "a password for trying") for one in kept] == [True]


def test_some_wait_for_hours_and_nothing_happens_in_the_future(loaded: Flask) -> None:
    admin = db.session.query(Agent).filter_by(role="admin").one()
    numbers = counts(admin)
    assert numbers.unclaimed >= 16
    assert numbers.oldest_unclaimed is not None
    assert 3 * 3600 < (now() - numbers.oldest_unclaimed).total_seconds() < 6 * 3600
    assert db.session.scalar(select(func.max(Message.at))) < now()
    assert db.session.scalar(select(func.max(CaseEvent.at))) < now()
    assert db.session.scalar(select(func.min(Case.opened_at))) < now().replace(year=now().year - 1)


def test_every_reference_leads_to_a_row(loaded: Flask) -> None:
    """The rows were taken without a look at their foreign keys; here each is looked at."""
    broken = []
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            child, parent = key.parent, key.column
            orphan = (
                f'select count(*) from {table.name} c where c."{child.name}" is not null and not exists '
                f'(select 1 from {parent.table.name} p where p."{parent.name}" = c."{child.name}")'
            )
            if db.session.scalar(text(orphan)):
                broken.append(f"{table.name}.{child.name}")
    assert broken == []


def test_each_case_agrees_with_its_journal(loaded: Flask) -> None:
    for case in db.session.scalars(select(Case)):
        events = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)).all()
        kinds = [event.kind for event in events]
        assert kinds[0] == "opened"
        assert (case.status == "closed") == (kinds[-1] == "closed") == (case.closed_at is not None)
        assert (case.owner_id is not None) == ("claimed" in kinds)
        assert [event.at for event in events] == sorted(event.at for event in events)
        seen = [event.id for event in events if event.kind in ("opened", "wrote", "answered", "noted")]
        assert case.last_event_id == seen[-1]


def test_its_words_are_those_that_the_index_would_have_made(loaded: Flask) -> None:
    for case in db.session.scalars(select(Case).order_by(Case.id).limit(10)):
        said = db.session.scalars(select(Message.text).where(Message.case_id == case.id)).all()
        whole = vector(
            joined([str(case.number), case.subject]), joined([case.from_name, case.from_address]), joined(said)
        )
        made = set(db.session.scalar(select(func.tsvector_to_array(whole))))
        kept = set(
            db.session.scalar(
                text("select tsvector_to_array(words) from case_words where case_id = :id"), {"id": case.id}
            )
        )
        assert made <= kept
        assert len(kept - made) <= 12, "only the company's name besides"


def test_cases_are_found_in_both_languages(loaded: Flask) -> None:
    admin = db.session.query(Agent).filter_by(role="admin").one()
    assert find(admin, "faktura").count
    assert find(admin, "invoices").count


def test_answers_carry_tokens_that_their_readers_replies_prove(loaded: Flask) -> None:
    answer = db.session.scalars(select(Message).where(Message.direction == "out").limit(1)).one()
    token = tokens_in([answer.message_id])[0]
    assert token.case_id == answer.case_id
    assert fits(token, answer.to[0][1])
    assert answer.outbound is not None
    assert answer.outbound.state == "sent"


def test_attachments_are_real_files(loaded: Flask) -> None:
    kinds = {file.content_type: get(file.sha256) for file in db.session.scalars(select(Attachment))}
    assert kinds["application/pdf"].startswith(b"%PDF-1.4")
    picture = kinds["image/png"]
    assert picture.startswith(b"\x89PNG")
    at = picture.index(b"IDAT")
    size = int.from_bytes(picture[at - 4 : at], "big")
    assert len(zlib.decompress(io.BytesIO(picture[at + 4 : at + 4 + size]).read())) == 240 * (1 + 320 * 3)


def test_addresses_are_nobodys(loaded: Flask) -> None:
    values = db.session.scalars(select(ContactPoint.value)).all()
    assert all(value.endswith(".example") or value.startswith(("+44207946", "+4722000")) for value in values)


def test_the_desk_goes_on_from_there(loaded: Flask) -> None:
    """New rows get numbers of their own, and the made-up customers are known."""
    point = db.session.scalars(select(ContactPoint).where(ContactPoint.kind == "email").limit(1)).one()
    queue = db.session.query(Queue).filter_by(slug="support").one()
    who = customer_for(point.value, "")
    assert who.rule == "known_address"
    case = open_case(queue, Incoming(text="Hello", from_name="", from_address=point.value), who=who, source="mail")
    assert case.number == db.session.scalar(select(func.max(Case.number)))
    claim(case, by=db.session.query(Agent).filter_by(role="admin").one())
    assert db.session.query(TimelineEntry).count() > 120


def test_the_same_seed_gives_the_same_company(loaded: Flask) -> None:
    def everything() -> list[tuple[str, ...]]:
        cases = select(Case.subject, Case.from_address, Case.status)
        messages = select(Message.text, Message.from_address)
        return sorted(tuple(row) for query in (cases, messages) for row in db.session.execute(query))

    first = everything()
    names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
    with transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text(f"truncate {names} restart identity cascade"))
        session.execute(text("alter sequence case_numbers restart with 1001"))
    assert load(loaded, "--customers", "40").exit_code == 0
    db.session.rollback()
    assert everything() == first


def test_more_cases_may_be_added_to_a_demo_and_no_colleague_twice(loaded: Flask) -> None:
    assert load(loaded, cases=60).exit_code == 0
    db.session.rollback()
    assert db.session.query(Case).count() == 180
    assert db.session.query(Agent).count() == 12


def test_it_does_not_stand_beside_real_cases_unasked(app: Flask, queue: Queue) -> None:
    open_case(
        queue,
        Incoming(text="Real", from_name="", from_address="a@b.example"),
        who=customer_for("a@b.example", "A"),
        source="mail",
    )
    refused = load(app)
    assert refused.exit_code == 1
    assert "add --yes" in refused.output
    assert db.session.query(Case).count() == 1
    assert load(app, "--yes", "--customers", "10", cases=10).exit_code == 0
