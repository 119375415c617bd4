"""Each place where a fault test may ask for kill -9 is on the one list, and in the code."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from helpdesk.core import kill_points
from tests.house.sources import sources


def named_in_code(repository: Path) -> Counter[str]:
    """How often the code calls here() with each name. A call with anything but a literal has the name ""."""
    return Counter(
        call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
        for _path, tree in sources(repository)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "here"
    )


def test_every_point_of_the_list_is_in_the_code_once_and_no_other(repository: Path):
    assert named_in_code(repository) == Counter(kill_points.POINTS.keys())


def test_there_are_many_points_and_each_says_what_is_durable_there():
    assert len(kill_points.POINTS) >= 40
    assert [name for name, about in kill_points.POINTS.items() if len(about) < 20 or not about.endswith(".")] == []


def test_a_point_that_does_not_exist_cannot_be_asked_for():
    with pytest.raises(ValueError, match="no point called nowhere"):
        kill_points.arm("nowhere:2")


def test_nothing_is_asked_for_by_itself(app):
    assert app.config["KILL_AT"] == ""
    assert kill_points._asked is None
