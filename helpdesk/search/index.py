"""Keeping the words of a case findable."""

from typing import Any


def index(event: Any) -> None:
    """Add the words that the event brought to its case."""
