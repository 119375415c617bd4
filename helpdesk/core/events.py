"""What follows from an event: one table, filled in by reactions.py, called inside the event's own transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, current_app

Reaction = Callable[[Any], None]


def install(app: Flask, reactions: Mapping[str, Sequence[Reaction]]) -> None:
    """Make `reactions` (event kind → functions that take the event) the app's table."""
    app.extensions["reactions"] = reactions


def emit(kind: str, event: Any) -> None:
    """Run the reactions to `kind` in order, in the caller's transaction. An unknown kind is a programming error."""
    for react in current_app.extensions["reactions"][kind]:
        react(event)
