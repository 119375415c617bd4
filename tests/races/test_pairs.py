"""The table of pairs: whatever happens at once, what comes of it is one of what may come of it."""

from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from helpdesk.cases.claim import claim
from helpdesk.cases.models import Case
from helpdesk.core.db import transaction
from tests.races.arena import Act, Arena, Pair, Scene, as_table, deadlocks, pair
from tests.races.conftest import RUNS
from tests.races.scenes import a_case, does
from tests.races.table_of_cases import CASES, once_claimed
from tests.races.table_of_mail import MAIL
from tests.races.table_of_people import PEOPLE

TABLE = [*CASES, *MAIL, *PEOPLE]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_happens_at_once_ends_as_if_one_had_come_first(row: Pair, arena: Arena, people: dict[str, int]) -> None:
    before = deadlocks()
    seen = Counter(arena.run(row, lambda scene: scene(people)) for _run in range(RUNS))
    print(f"\n{row.name}\n{as_table(seen)}")
    assert set(seen) <= row.allowed
    assert deadlocks() == before, "they waited for one another until PostgreSQL ended one of them"


def test_the_arena_catches_an_act_that_looks_before_it_leaps(arena: Arena, people: dict[str, int]) -> None:
    """A claim as it must not be written: were this to end well each time, the table above would prove nothing."""

    def careless(by: str) -> Act:
        def load(scene: Scene) -> Callable[[], None]:
            who = people[by]

            def go() -> None:
                with transaction() as session:
                    if session.scalar(select(Case.owner_id).where(Case.id == scene.case)) is None:
                        session.execute(update(Case).where(Case.id == scene.case).values(owner_id=who))

            return go

        return load

    row = pair("careless", a_case, careless("ada"), does(claim, "kim"), once_claimed)
    said = (arena.run(row, lambda scene: scene(people)) for _run in range(60))
    assert any(outcome[:2] == ("done", "done") for outcome in said)


def test_the_table_names_each_pair_once() -> None:
    assert [name for name, times in Counter(row.name for row in TABLE).items() if times > 1] == []
