"""The search box's page: results beside the case that is chosen among them."""

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user

from helpdesk.core.looks import wants_fragment
from helpdesk.customers.register import customers
from helpdesk.search.find import ASKED_MAX, find
from helpdesk.search.words import pieces

web = Blueprint("search", __name__, template_folder="templates")

CUSTOMERS = 5
"""So many customers stand above the cases; the register has all of them."""
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
    """Customers and cases for ?q=; for htmx the results alone, or the next rows of them."""
    asked = request.args.get("q", "")[:ASKED_MAX].replace("\x00", " ")
    found = find(current_user, asked, request.args.get("after") or None)
    more_url = url_for("search.results", q=asked, after=found.after) if found.after else None
    if request.args.get("after") and wants_fragment():
        return render_template("search/_rows.html", found=found, more_url=more_url)
    known = customers(search=asked, size=CUSTOMERS).rows if pieces(asked) and not request.args.get("after") else []
    return render_template(
        "search/results.html", q=asked, found=found, more_url=more_url, known=known, search_attributes=AS_YOU_TYPE
    )
