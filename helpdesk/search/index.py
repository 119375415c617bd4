"""Keeping the words of a case findable."""

import logging
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.core.db import transaction
from helpdesk.core.fast import Fast, settled
from helpdesk.search.models import CaseWords
from helpdesk.search.words import joined

log = logging.getLogger(__name__)

DICTIONARIES = ("simple", "norwegian", "english")
"""As written, and both stems: a word is found by any of the three."""
QUOTED_MAX = 20_000
REBUILD_MESSAGES = 500
SHORT = 50_000
"""Characters of which even three lexemes a word stay far below the 1 MB that PostgreSQL takes of one case."""


def index(event: CaseEvent) -> None:
    """Add the words that the event brought to its case, in the event's own transaction.

    A case that cannot be indexed stays a case: what PostgreSQL refuses is logged and left out.
    """
    if event.kind == "merged":
        _rebuild(event.case)
        with transaction() as session:
            session.execute(delete(CaseWords).where(CaseWords.case_id == event.data["from_id"]))
    elif event.kind == "unmerged":
        _rebuild(event.case)
        with transaction() as session:
            other = session.scalar(select(Case).where(Case.number == event.data["from_number"]))
        if other is not None:
            _rebuild(other)
    elif event.message is not None:
        _add(event.case, [event.message], about_case=event.kind == "opened")


def vector(subject: Any, people: Any, text: Any) -> Any:
    """The SQL for a case's words: subject and number weigh most, then names and addresses, then what was said.

    Names and addresses stand as they are written only: they have no stems.
    """
    about, said = _weighed(subject, "'A'"), _weighed(text, "'C'")
    return about.op("||")(_weighed(people, "'B'", DICTIONARIES[:1])).op("||")(said)


def _weighed(words: Any, weight: str, dictionaries: Sequence[str] = DICTIONARIES) -> Any:
    vectors: list[Any] = [func.to_tsvector(name, words) for name in dictionaries]
    return func.setweight(reduce(lambda one, other: one.op("||")(other), vectors), literal_column(weight))


def _rebuild(case: Case) -> None:
    """Make the words of `case` anew from everything on it."""
    with transaction() as session:
        session.execute(delete(CaseWords).where(CaseWords.case_id == case.id))
        messages = session.scalars(
            select(Message).where(Message.case_id == case.id).order_by(Message.id).limit(REBUILD_MESSAGES)
        ).all()
    for first in range(0, max(1, len(messages)), 20):
        _add(case, messages[first : first + 20], about_case=first == 0)


def _add(case: Case, messages: Iterable[Message], *, about_case: bool) -> None:
    subject = joined(_about(case) if about_case else [])
    people = joined(word for message in messages for word in _people(message))
    if about_case:
        people = f"{people} {joined(_customer(case))}"
    text = joined(word for message in messages for word in _said(message))
    values = {"case_id": case.id, "subject": subject, "people": people, "text": text}
    if len(text) < SHORT:
        ADD_SHORT(**values)
    elif not _store(ADD, values) and not _store(ADD_BARE, values):
        log.warning("Case %s has more words than can be indexed; the newest are left out", case.number)


def _adding(words: Any) -> Fast:
    """The statement that appends `words` to what the case has."""
    new = insert(CaseWords).values(case_id=bindparam("case_id"), words=words)
    both = CaseWords.words.op("||")(new.excluded.words)
    return Fast(new.on_conflict_do_update(index_elements=["case_id"], set_={"words": both}).inline())


_WORDS = vector(*(bindparam(name, type_=Text) for name in ("subject", "people", "text")))
ADD, ADD_BARE = _adding(_WORDS), _adding(func.strip(_WORDS))
ADD_SHORT = Fast(select(func.add_case_words(bindparam("case_id", type_=BigInteger), _WORDS)))
"""For words that surely make a tsvector of their own; the function sees to it when they do not fit with the others."""


def _store(adding: Fast, values: dict[str, Any]) -> bool:
    """Append words to what the case has. False when PostgreSQL takes no more; the transaction goes on."""
    try:
        with transaction() as session, session.begin_nested(), settled():
            adding(**values)
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) != "54000":
            raise
        return False
    return True


def _about(case: Case) -> list[str]:
    return [str(case.number), case.subject]


def _customer(case: Case) -> list[str]:
    return [case.customer.name if case.customer else "", case.contact.name if case.contact else ""]


def _people(message: Message) -> list[str]:
    if message.direction == "note":
        return []
    everybody = [(message.from_name, message.from_address), *message.to, *message.cc]
    return [part for person in everybody[:100] for part in person]


def _said(message: Message) -> list[str]:
    files = [file.filename for file in message.attachments[:100]]
    return [message.subject, message.text, message.quoted[:QUOTED_MAX], *files]
