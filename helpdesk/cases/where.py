"""Where on the desk a person is: the list beside the case, and the way back after an act."""

from typing import Any

from flask import flash, redirect, request, url_for

from helpdesk.cases.models import Case
from helpdesk.cases.queue import VIEWS


def place() -> dict[str, Any]:
    """The list that an address names, as parts for other addresses; what is unknown is left out."""
    found: dict[str, Any] = {}
    if request.args.get("view") in VIEWS:
        found["view"] = request.args["view"]
    if request.args.get("queue"):
        found["queue"] = request.args["queue"][:100]
    return found


def back(case: Case, sentence: str, undo: str = "") -> Any:
    """To the case, or to the list where the act was asked for there, with a notice.

    `undo` is the act that takes it back, as its route is called.
    """
    from_list = request.form.get("from") == "list"
    take_back = url_for(f"cases.{undo}", number=case.number, **place()) if undo else ""
    notice: Any = {"text": sentence, "undo": take_back, "pane": "list" if from_list else ""}
    flash(notice)
    if from_list:
        # As many rows as were on the screen, so that "Show more" is not undone.
        return redirect(url_for("cases.queue", rows=request.form.get("rows"), **place()), 303)
    return redirect(url_for("cases.show", number=case.number, **place()), 303)
