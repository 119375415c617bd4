"""Telling open screens what happened."""

from typing import Any


def tell(event: Any) -> None:
    """Publish the event's id and kind after the commit."""
