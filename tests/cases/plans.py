"""What PostgreSQL really did for each statement: its own module auto_explain tells the plans it ran."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event

from helpdesk.core.db import db

TELL_ALL = """
    load 'auto_explain';
    set client_min_messages = notice;
    set auto_explain.log_level = notice;
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_format = json;
"""
READS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


@dataclass(frozen=True)
class Read:
    """How one statement read one table."""

    table: str
    whole: bool
    rows: float
    statement: str


def reads_of(plan: dict[str, Any], statement: str) -> Iterator[Read]:
    """Every place in a plan where a table is read, and how many rows were looked at there."""
    if plan["Node Type"] in READS:
        passed_by = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        rows = (plan["Actual Rows"] + passed_by) * plan["Actual Loops"]
        yield Read(plan["Relation Name"], plan["Node Type"] == "Seq Scan", rows, statement)
    for part in plan.get("Plans", []):
        yield from reads_of(part, statement)


@contextmanager
def told() -> Iterator[Callable[[Callable[[], object]], list[Read]]]:
    """Gives a function that does a piece of work and says what was read for it."""
    heard: list[Read] = []

    def listen(notice: psycopg.errors.Diagnostic) -> None:
        _said, begins, plan = (notice.message_primary or "").partition("plan:\n")
        if begins:
            found = json.loads(plan)
            heard.extend(reads_of(found["Plan"], found["Query Text"]))

    def make_talk(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(TELL_ALL)
        connection.commit()
        connection.add_notice_handler(listen)

    def reads(work: Callable[[], object]) -> list[Read]:
        # A plan is told when its statement is over, which may be with the next one.
        db.session.rollback()
        heard.clear()
        work()
        db.session.rollback()
        return list(heard)

    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "connect", make_talk)
    try:
        yield reads
    finally:
        event.remove(db.engine, "connect", make_talk)
        db.session.remove()
        db.engine.dispose()
