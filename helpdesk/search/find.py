"""The question of the search box: which cases have this number, these words, this name or address?"""

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Case
from helpdesk.core.db import db
from helpdesk.core.paging import decode, encode
from helpdesk.search.index import DICTIONARIES
from helpdesk.search.models import CaseWords
from helpdesk.search.words import pieces

PAGE_SIZE = 50
ASKED_MAX = 300
"""Characters of a question that are looked at."""
WORDS_MAX = 12
BEGINNING_MIN = 3
"""Shorter words are taken as they are: half of all words begin with one of three letters."""
RARE_MAX = 2000
"""Up to so many hits are all read and sorted; of more, the newest are looked for from the newest case back."""
FIRST_WINDOW, WINDOWS = 2000, (20_000, 200_000)
MERGES_MAX = 20
NUMBER = re.compile(r"\s*#?\s*([0-9]{1,15})\s*")


@dataclass(frozen=True)
class Found:
    """What was found: the case with that very number, then cases with those words, newest first."""

    exact: Case | None = None
    cases: list[Case] = field(default_factory=list)
    after: str | None = None

    @property
    def rows(self) -> list[Case]:
        return [*([self.exact] if self.exact else []), *self.cases]

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def nothing(self) -> bool:
        return not self.rows


def find(agent: Agent, asked: str, after: str | None = None) -> Found:
    """Cases that `agent` may see with every word of `asked`; its last word may be the beginning of one.

    `after` is the cursor of the page before. Raises InvalidInput for a cursor that we did not write, nothing else.
    """
    asked = asked[:ASKED_MAX]
    words = pieces(asked, WORDS_MAX)
    if not agent.active or not words:
        return Found()
    below = decode(after, [int])[0] if after else None
    exact = _by_number(asked) if below is None else None
    ids = _newest(_query(words), below, PAGE_SIZE + 1)
    cursor = encode([ids[PAGE_SIZE - 1]]) if len(ids) > PAGE_SIZE else None
    cases = _load(ids[:PAGE_SIZE])
    return Found(exact, [case for case in cases if exact is None or case.id != exact.id], cursor)


def _by_number(asked: str) -> Case | None:
    """The case of a number, said with or without #; a merged one leads to where its messages are."""
    said = NUMBER.fullmatch(asked)
    case = db.session.scalar(_whole().where(Case.number == int(said.group(1)))) if said else None
    for _step in range(MERGES_MAX):
        if case is None or case.merged_into_id is None:
            break
        case = db.session.scalar(_whole().where(Case.id == case.merged_into_id))
    return case


def _query(words: list[str]) -> ColumnElement[Any]:
    """Every word, as written or by a stem; the last also as a beginning."""
    every = [_alike(word) for word in words]
    # Only letters and digits reach to_tsquery: nothing in it can be an operator.
    if len(words[-1]) >= BEGINNING_MIN:
        every[-1] = every[-1].op("||")(func.to_tsquery("simple", f"{words[-1]}:*"))
    whole = every[0]
    for one in every[1:]:
        whole = whole.op("&&")(one)
    return whole


def _alike(word: str) -> ColumnElement[Any]:
    forms = [func.plainto_tsquery(name, word) for name in DICTIONARIES]
    return forms[0].op("||")(forms[1]).op("||")(forms[2])


def _newest(query: ColumnElement[Any], below: int | None, most: int) -> list[int]:
    """The ids of the newest cases with these words, newest first.

    The index knows no order. A very common word fills its page from the newest cases, and the index is not asked at
    all: the database would rather read the table than all that is in it. A rare word's cases are all read and sorted.
    Between them the newest are looked for from the newest case back, in windows that grow, so that no question reads
    a million rows.
    """
    hits = select(CaseWords.case_id).where(CaseWords.words.op("@@")(query))
    if below is not None:
        hits = hits.where(CaseWords.case_id < below)
    newest = below or db.session.scalar(select(func.max(CaseWords.case_id))) or 0
    walk = hits.order_by(CaseWords.case_id.desc()).limit(most)

    def within(window: int) -> list[int]:
        return list(db.session.scalars(walk.where(CaseWords.case_id >= newest - window)))

    if len(found := within(FIRST_WINDOW)) == most or newest <= FIRST_WINDOW:
        return found
    some = list(db.session.scalars(hits.limit(RARE_MAX + 1)))
    if len(some) <= RARE_MAX:
        return sorted(some, reverse=True)[:most]
    for window in WINDOWS:
        if len(found := within(window)) == most:
            return found
    return list(db.session.scalars(walk))


def _load(ids: list[int]) -> list[Case]:
    if not ids:
        return []
    found = {case.id: case for case in db.session.scalars(_whole().where(Case.id.in_(ids)))}
    return [found[case_id] for case_id in ids if case_id in found]


def _whole() -> Any:
    return select(Case).options(
        joinedload(Case.queue), joinedload(Case.owner), joinedload(Case.customer), joinedload(Case.contact)
    )
