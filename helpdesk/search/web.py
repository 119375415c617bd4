"""The search box's page: results beside the case that is chosen among them."""

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user

from helpdesk.core.looks import wants_fragment
from helpdesk.search.find import ASKED_MAX, find

web = Blueprint("search", __name__, template_folder="templates")

AS_YOU_TYPE = {
    "hx-get": "/search",
    "hx-trigger": "input delay:250ms, submit",
    "hx-target": "#found",
    "hx-swap": "outerHTML",
    "hx-replace-url": "true",
    "hx-sync": "this:replace",
}
"""What makes the box at the top answer while somebody types. Without script it is a plain form."""


@web.get("/search")
def results() -> str:
    """Cases for ?q=; for htmx the results alone, or the next rows of them."""
    asked = request.args.get("q", "")[:ASKED_MAX].replace("\x00", " ")
    found = find(current_user, asked, request.args.get("after") or None)
    more_url = url_for("search.results", q=asked, after=found.after) if found.after else None
    only_rows = bool(request.args.get("after")) and wants_fragment()
    template = "search/_rows.html" if only_rows else "search/results.html"
    return render_template(template, q=asked, found=found, more_url=more_url, search_attributes=AS_YOU_TYPE)
