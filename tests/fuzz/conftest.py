"""Counts what was tried, and keeps hosts that a form names from being asked for long."""

from collections.abc import Iterator

import pytest

from tests.fuzz.pace import write_counts


@pytest.fixture(scope="session", autouse=True)
def counts() -> Iterator[None]:
    """Write down, at the end, how much was tried."""
    yield
    write_counts()
