"""Whoever is killed, and wherever: nothing that was acknowledged is lost, and nothing is there twice.

The short form of `make chaos`.
"""

from collections.abc import Iterator

import pytest

from helpdesk.core.kill_points import POINTS
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
