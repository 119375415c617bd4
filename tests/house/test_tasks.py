"""Every task that somebody wakes is registered with the workers, and every one that is registered is woken."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import sources

LIST_TASKS = """
import json
from workers.app import celery
tasks = [name for name in celery.tasks if not name.startswith("celery.")]
print(json.dumps([tasks, list(celery.conf.beat_schedule)]))
"""


@pytest.fixture(scope="module")
def registered(environment: dict[str, str], repository: Path) -> tuple[set[str], set[str]]:
    """The workers' task names, and those that beat wakes, from a worker's own process."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_TASKS],
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=60,
        check=True,
    )
    tasks, on_beat = json.loads(done.stdout.splitlines()[-1])
    return set(tasks), set(on_beat)


def woken(repository: Path) -> Iterator[str]:
    """The names given to later() and wake(); a name may stand in a constant of its module."""
    for _path, tree in sources(repository):
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("later", "wake") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value
                elif isinstance(first, ast.Name) and first.id in constants:
                    yield constants[first.id]


def test_tasks_and_wake_ups_fit(repository: Path, registered: tuple[set[str], set[str]]):
    tasks, on_beat = registered
    names = set(woken(repository))
    assert names, "the search for later() and wake() finds nothing any more"
    assert names - tasks == set(), "woken, but no worker knows it"
    assert tasks - names - on_beat == set(), "registered, but nobody wakes it"


def test_a_task_is_named_after_its_room(repository: Path, registered: tuple[set[str], set[str]]):
    rooms = {path.name for path in (repository / "helpdesk").iterdir() if path.is_dir()} | {"default"}
    assert {name for name in registered[0] if name.split(".")[0] not in rooms} == set()
