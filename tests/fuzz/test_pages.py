"""Every page with whatever in its address, its parameters and its fields: no 500, no crooked page, no half row."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.mail_in.models import InboundMail
from tests.fuzz.asking import ask, read_html, writes
from tests.fuzz.pace import tries
from tests.fuzz.rooms import forms, furnish, names_by_room, path_of, places, put_right, rules
from tests.fuzz.values import CURSORS, NUMBERS, VALUES, sendable
from tests.fuzz.whole import halves

Open = Callable[[Agent], FlaskClient]

IDS = st.sampled_from(
    ["1", "2", "3", "1001", "1002", "1003", "0", "2147483648", "9223372036854775807", "9223372036854775808", "9" * 30]
)
PLACES = st.sampled_from(["support", "1"]) | VALUES
HEADERS = [
    "HX-Request", "HX-Request-Type", "HX-Current-URL", "HX-Target", "Accept", "Accept-Language", "Last-Event-ID",
    "Referer", "Range", "Cookie",
]  # fmt: skip
SAID = ["true", "partial", "application/json", "nb", "http://[", "http://localhost/queue?view=mine", "bytes=0-1"]
ASKED_HOW = st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(SAID) | VALUES, max_size=2)


@pytest.fixture
def desk(app: Flask, queue: Queue, ada: Agent, boss: Agent, post_mail: Callable[..., InboundMail]) -> Flask:
    """A desk at work."""
    app.config.update(FORM_MIN_S=0, IMAP_TIMEOUT_S=1)
    furnish(queue, ada, post_mail)
    return app


def headers(given: dict[str, str]) -> dict[str, str]:
    """As they can stand in a request at all; where htmx is named, as it asks for a piece of a page."""
    pieces = {"HX-Request": "true", "HX-Request-Type": "partial"} if "HX-Current-URL" in given else {}
    return pieces | {
        name: "".join(char for char in value if char.isprintable()).encode("latin-1", "replace").decode("latin-1")
        for name, value in given.items()
    }


def parameters(names: list[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """A few of these names, some of them twice, some as arrays."""
    name = st.sampled_from([*names, "lang", "x"]) if names else st.just("x")
    name = st.one_of(name, name, name.map("{}[]".format))
    return st.lists(st.tuples(name, values.map(sendable)), max_size=4)


def test_every_address_with_anything_in_it_is_answered_and_looking_changes_nothing(
    desk: Flask, signed_in: Open, ada: Agent, boss: Agent
) -> None:
    browsers = {"admin": signed_in(boss), "agent": signed_in(ada), "nobody": desk.test_client()}
    names = names_by_room()
    db.session.remove()

    @tries(220)
    @given(st.data())
    def is_asked(data: st.DataObject) -> None:
        rule = data.draw(st.sampled_from(rules(desk)))
        who = data.draw(st.sampled_from(["admin", "admin", "agent", "nobody"]))
        values = {name: data.draw(IDS if number else PLACES) for name, number in places(rule)}
        room = rule.endpoint.partition(".")[0]
        known = names.get({"queues": "cases", "contact": "intake", "intake_api": "intake"}.get(room, room), [])
        query = data.draw(parameters(known, VALUES | CURSORS))
        how = {"query_string": query, "headers": headers(data.draw(ASKED_HOW))}
        path = path_of(rule, {name: sendable(value) for name, value in values.items()})
        with writes() as written:
            ask(
                browsers[who],
                data.draw(st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "PUT"])),
                path,
                "addresses",
                **how,
            )
        assert written == []

    is_asked()


def test_every_form_with_anything_in_its_fields_is_answered_and_leaves_nothing_half_done(
    desk: Flask, signed_in: Open, ada: Agent, boss: Agent
) -> None:
    names, ids = names_by_room(), (boss.id, ada.id)
    known = [form for form in forms(desk, signed_in(boss)) if form.method == "POST"]
    assert len(known) > 30
    routes = [rule for rule in rules(desk) if "POST" in (rule.methods or ())]

    def browser(who: int) -> FlaskClient:
        put_right(desk)
        client = signed_in(db.session.get_one(Agent, ids[who])) if who < len(ids) else desk.test_client()
        db.session.remove()
        return client

    def send(data: st.DataObject, path: str, fields: dict[str, Any]) -> None:
        if "test" in fields:
            fields["host"] = "127.0.0.1"
        who = data.draw(st.sampled_from([0, 0, 0, 1, 2]))
        ask(browser(who), "POST", path, "forms", data=fields, headers=headers(data.draw(ASKED_HOW)))

    @tries(60)
    @given(st.data())
    def is_sent(data: st.DataObject) -> None:
        form = data.draw(st.sampled_from(known))
        fields: dict[str, Any] = dict(form.fields)
        changed = data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)) if fields else []
        for name in changed:
            fields[name] = sendable(data.draw(VALUES | st.sampled_from(NUMBERS)))
        for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)) if fields else []:
            if data.draw(st.booleans()):
                fields[name] = [fields[name], sendable(data.draw(VALUES))]
            else:
                del fields[name]
        send(data, form.action, fields)

    @tries(40)
    @given(st.data())
    def is_made_up(data: st.DataObject) -> None:
        rule = data.draw(st.sampled_from(routes))
        values = {name: sendable(data.draw(IDS if number else PLACES)) for name, number in places(rule)}
        room = rule.endpoint.partition(".")[0]
        asked = names.get({"queues": "cases", "contact": "intake", "intake_api": "intake"}.get(room, room), [])
        fields: dict[str, Any] = {}
        for name, value in data.draw(parameters(asked, VALUES)):
            fields.setdefault(name, []).append(value)
        send(data, path_of(rule, values), fields)

    is_sent()
    is_made_up()
    assert halves() == []


def test_the_look_at_a_page_sees_what_is_crooked() -> None:
    assert read_html("<p>Hi <b>you</b></p><br>").wrong == []
    for crooked in (
        "<p>Hi <b>you</p></b>", "<div>", "</div>", "<p><fuzz-mark>", "<a fuzz-attribute=1>x</a>",
        '<a href="javascript:1">x</a>', "<p onclick=1>x</p>", "<p class=a class=b>x</p>",
    ):  # fmt: skip
        assert read_html(crooked).wrong, crooked
