"""Rows written past the ORM's flush: the same rows, the same errors, the same transaction."""

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case, CaseEvent
from helpdesk.core import db as core_db
from helpdesk.core.db import db, transaction
from helpdesk.core.fast import Fast, settled, together
from helpdesk.core.rows import numbers, write
from helpdesk.customers.models import Contact, Customer


@pytest.fixture(autouse=True)
def inside(app: Flask) -> None:
    """All of these want the application's context."""


def a_customer(name: str = "Fjordlys") -> Customer:
    return Customer(id=numbers(Customer)[0], kind="company", name=name, stage="prospect")


def how_many(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_row_is_written_with_its_defaults_and_is_the_sessions_own_afterwards() -> None:
    customer = a_customer()
    with transaction():
        write(customer)
        assert db.session.get(Customer, customer.id) is customer
        customer.about = "Lamps."
    db.session.expire_all()
    assert (customer.version, customer.about, customer.org_no) == (1, "Lamps.", None)
    assert customer.created_at is not None


def test_numbers_are_what_the_ids_would_have_been() -> None:
    with transaction():
        first, second = numbers(Customer, Contact), numbers(Customer, Contact)
        by_hand = Customer(kind="person", name="Ada", stage="prospect")
        db.session.add(by_hand)
        db.session.flush()
    assert second[0] == first[0] + 1
    assert by_hand.id == second[0] + 1


def test_an_error_inside_together_comes_at_its_end_as_sqlalchemys_and_undoes_all() -> None:
    customer = a_customer()
    rows = [
        customer,
        Contact(id=numbers(Contact)[0], customer_id=customer.id + 999, name="Nobody's"),
        Customer(kind="person", name="Never sent", stage="prospect"),
    ]
    with pytest.raises(IntegrityError), transaction(), together():
        list(map(write, rows))
    assert (how_many(Customer), how_many(Contact)) == (0, 0)


def test_an_error_names_nobodys_words() -> None:
    with pytest.raises(IntegrityError) as caught, transaction(), together():
        write(Contact(id=numbers(Contact)[0], customer_id=999, name="Secret Name"))
    assert "Secret Name" not in str(caught.value)


def test_a_savepoint_that_waits_holds_what_it_wrote() -> None:
    with transaction() as session, together():
        write(a_customer("kept"))
        with pytest.raises(IntegrityError), session.begin_nested(), settled():
            write(Contact(id=numbers(Contact)[0], customer_id=10**9, name="Undone"))
        write(a_customer("kept too"))
    assert (how_many(Customer), how_many(Contact)) == (2, 0)


def test_the_orms_own_queries_have_their_answers_inside_together(ada: Agent) -> None:
    with transaction(), together():
        write(a_customer())
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
        assert db.session.get_one(Agent, ada.id).name == ada.name


def test_a_lost_connection_is_known_as_one_and_the_next_transaction_has_a_new_one(app: Flask) -> None:
    end_it = Fast(select(func.pg_terminate_backend(func.pg_backend_pid())))
    with pytest.raises(OperationalError) as caught, transaction():
        end_it()
    assert caught.value.connection_invalidated
    with transaction():
        write(a_customer())
    assert how_many(Customer) == 1


def test_who_listens_to_statements_hears_these_too() -> None:
    heard: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        heard.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        numbers(Case, CaseEvent)
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert [statement.split()[0] for statement in heard] == ["SELECT"]


def test_a_connection_that_died_while_it_rested_is_replaced_before_it_is_used(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_db, "RESTED_S", 0.0)
    resting = db.engine.raw_connection()
    killer = db.engine.raw_connection()
    killed = resting.driver_connection.info.backend_pid  # type: ignore[union-attr]
    resting.close()
    killer.cursor().execute("select pg_terminate_backend(%s, 5000)", (killed,))
    killer.close()
    for _connection in range(3):
        with transaction() as session:
            assert session.scalar(text("select 1")) == 1
