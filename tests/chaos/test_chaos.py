"""Whoever is killed, and wherever: nothing that was acknowledged is lost, and nothing is there twice.

The short form of `make chaos`.
"""

import re
from collections.abc import Iterator

import pytest

from helpdesk.core.kill_points import POINTS
from tests.chaos.balance import balance
from tests.chaos.desk import running_desk, short_folder
from tests.chaos.run import UNDER_LOAD, Trial, everything, is_up

PATIENCE_S = 240.0
"""On a busy machine; a quiet one needs a sixth of it."""


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """The whole desk, with agents at work."""
    with short_folder() as folder, running_desk(folder) as desk:
        trial = Trial(desk, seed=1)
        assert trial.pulse.until(lambda: is_up(desk), 60)
        yield trial


def test_a_death_at_every_point_loses_nothing_and_doubles_nothing(trial: Trial) -> None:
    trial.begin(UNDER_LOAD, rest_s=0.5)
    left = trial.die_at(dict.fromkeys(POINTS, 1), PATIENCE_S)
    found, _seconds = trial.settle()
    assert left == set(), "nobody came by there"
    assert found.wrong == []


def test_everything_at_once_for_a_few_seconds_loses_nothing_and_doubles_nothing(trial: Trial) -> None:
    found, _seconds, weather = everything(trial, minutes=0.2, mails=60)
    assert weather.happened.total() >= 3
    assert found.wrong == []


def test_the_balance_sees_what_is_lost_doubled_or_unsaid(trial: Trial) -> None:
    with trial.desk.database() as connection:
        [(lost,)] = connection.execute(
            "update inbound_mails set outcome = 'automatic' where id ="
            " (select min(id) from inbound_mails where outcome = 'new_case')"
            " returning substring(subject from 'm[0-9]+')"
        ).fetchall()
        [(doubled,)] = connection.execute(
            "insert into messages (case_id, direction, text, subject, message_id)"
            " select case_id, direction, text, subject, message_id from messages"
            " where direction = 'in' order by id desc limit 1 returning substring(text from 'm[0-9]+')"
        ).fetchall()
    once = trial.desk.smtp.received[0]
    trial.desk.smtp.received += [once, once]
    found = "\n".join(balance(trial.desk, trial.post, trial.office).wrong)
    assert f"{lost} was acknowledged and has 0 rows with a case" in found
    assert f"{doubled} stands 2 times on cases" in found
    assert re.search(r"outgoing mail \d+ arrived [345] times, and says it was sent again [01]", found)
