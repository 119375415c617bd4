"""The ways through the house: what the rail, the personal menu and the settings list lead to."""

from typing import Any

from flask import Flask, current_app, render_template, request, url_for
from flask_login import current_user

from helpdesk.cases.listing import NAMES
from helpdesk.cases.queue import COUNT_TO, VIEWS, Counts, counts, queues
from helpdesk.core.i18n import _, _n
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.looks import age
from helpdesk.who_may import lets_in

COLOURS = {"unclaimed": 1, "mine": 4, "open": 3, "waiting": 5, "closed": 12}
LINKS = [("customers.index", _l("Customers")), ("accounts.settings", _l("Settings"))]
SETTINGS = [
    (_l("People"), [("accounts.me", _l("Me")), ("accounts.agents", _l("Agents"))]),
    (
        _l("Mail"),
        [
            ("queues.index", _l("Queues")),
            ("mail_in.mailboxes", _l("Mailboxes")),
            ("mail_in.ledger", _l("Incoming mail")),
            ("mail_out.outbox", _l("Outbox")),
        ],
    ),
    (_l("Forms"), [("intake.embed", _l("Contact form"))]),
    (_l("System"), [("watch.status", _l("Status")), ("accounts.audit_trail", _l("Changes"))]),
]


def may_open(endpoint: str) -> bool:
    """Whether the person signed in may open the page, if there is one."""
    return endpoint in current_app.view_functions and lets_in(endpoint, current_user)


def settings_sections() -> list[tuple[str, list[tuple[str, str]]]]:
    """The settings pages this person may open, under their headings."""
    found = [
        (str(head), [(endpoint, str(name)) for endpoint, name in links if may_open(endpoint)])
        for head, links in SETTINGS
    ]
    return [(head, links) for head, links in found if links]


def rail() -> dict[str, Any]:
    """Everything the rail and the top show, read once a request."""
    kept: dict[str, Any] = request.environ
    if "helpdesk.rail" not in kept:
        kept["helpdesk.rail"] = _rail()
    return kept["helpdesk.rail"]


def _rail() -> dict[str, Any]:
    # The rail refreshes itself and says where it stands.
    here = request.args if request.endpoint == "rail" or (request.endpoint or "").startswith("cases.") else {}
    view, slug = here.get("view"), here.get("queue")
    room = request.args.get("room") if request.endpoint == "rail" else request.blueprint
    if (request.endpoint or "").startswith("cases.") and view not in VIEWS:
        view = VIEWS[0]
    numbers = counts(current_user)
    asked: dict[str, Any] = {name: value for name, value in (("view", view), ("queue", slug)) if value}
    return {
        "refresh": url_for("rail", room=room, **asked),
        "views": [
            _item(name, url_for("cases.queue", view=key), COLOURS[key], _number(key, numbers), key == view and not slug)
            | {"key": str(at)}
            for at, (key, name) in enumerate(NAMES.items(), start=1)
        ],
        "queues": [
            _item(
                one.name,
                url_for("cases.queue", view=view or "unclaimed", queue=one.slug),
                one.colour,
                _capped(one.unclaimed),
                one.slug == slug,
            )
            for one in queues()
        ],
        "links": [_item(name, url_for(endpoint), 0, None, room in _rooms_of(endpoint)) for endpoint, name in _links()],
        "counts": {key: _number(key, numbers) for key in NAMES},
        "summary": _summary(numbers),
        "claim_next": url_for("cases.claim_next_case", **asked) if current_user.may_answer else "",
    }


def _rooms_of(endpoint: str) -> set[str]:
    """The rooms whose pages a link of the rail stands for: its own, and for the settings every room that has some."""
    rooms = {endpoint.split(".")[0]}
    if endpoint == "accounts.settings":
        rooms |= {page.split(".")[0] for _head, links in SETTINGS for page, _name in links}
    return rooms


def _links() -> list[tuple[str, Any]]:
    return [(endpoint, name) for endpoint, name in LINKS if may_open(endpoint)]


def _item(name: Any, url: str, colour: int, count: str | None, current: bool) -> dict[str, Any]:
    return {"name": str(name), "url": url, "colour": colour, "count": count, "current": current, "key": ""}


def _number(view: str, numbers: Counts) -> str | None:
    return None if view == "closed" else _capped(getattr(numbers, view))


def _capped(count: int) -> str:
    return str(count) if count < COUNT_TO else f"{COUNT_TO - 1}+"


def _summary(numbers: Counts) -> str:
    if not numbers.unclaimed or numbers.oldest_unclaimed is None:
        return _("Nothing unclaimed")
    return _n(
        "%(count)s unclaimed, for %(age)s",
        "%(count)s unclaimed, oldest %(age)s",
        numbers.unclaimed,
        count=_capped(numbers.unclaimed),
        age=age(numbers.oldest_unclaimed),
    )


def rail_page() -> str:
    """The rail and the summary alone: what an open screen asks for when others work."""
    return render_template("_rail_now.html")


def install(app: Flask) -> None:
    """Give templates the menus, and the rail its own address."""
    app.jinja_env.globals.update(rail=rail, settings_sections=settings_sections, may_open=may_open)
    app.context_processor(lambda: {"me": current_user})
    app.add_url_rule("/rail", "rail", rail_page)
