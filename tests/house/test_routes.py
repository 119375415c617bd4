"""Every route says who may use it, and means it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from helpdesk.accounts.models import Agent
from helpdesk.accounts.people import deactivate
from helpdesk.rooms import PAGES_FOR_PROGRAMS, PUBLIC_FORMS
from helpdesk.who_may import ADMIN, AGENT, PUBLIC, SIGNED_IN, WHO_MAY


def doors(app: Flask, *groups: str) -> Iterator[tuple[str, str]]:
    """Method and path of every route of these groups, with something in each place of the path."""
    for rule in app.url_map.iter_rules():
        if WHO_MAY.get(rule.endpoint) in groups:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, path_of(app, rule)


def path_of(app: Flask, rule: Rule) -> str:
    places = {name: 1 if "Integer" in type(kind).__name__ else "a" * 8 for name, kind in rule._converters.items()}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, places, method=sorted(rule.methods or ["GET"])[-1])


def answers(client: FlaskClient, paths: Iterator[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return {(method, path): client.open(path, method=method).status_code for method, path in paths}


def test_every_route_says_who_may_use_it(app: Flask):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(WHO_MAY)
    assert set(WHO_MAY.values()) <= {PUBLIC, SIGNED_IN, AGENT, ADMIN}


def test_a_stranger_is_sent_to_sign_in_from_everything_that_is_not_public(app: Flask):
    client = app.test_client()
    found = list(doors(app, SIGNED_IN, AGENT, ADMIN))
    assert len(found) > 30
    for method, path in found:
        answer = client.open(path, method=method)
        to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in")
        assert to_sign_in or (path.startswith("/api/") and answer.status_code in (401, 403)), (method, path)


@pytest.mark.parametrize("who", ["reader", "ada"])
def test_each_role_is_kept_out_of_what_is_not_for_it(
    app: Flask, who: str, request: pytest.FixtureRequest, signed_in: Callable[[Agent], FlaskClient]
):
    groups = {"reader": (AGENT, ADMIN), "ada": (ADMIN,)}[who]
    found = answers(signed_in(request.getfixturevalue(who)), doors(app, *groups))
    assert found
    assert {door: status for door, status in found.items() if status != 403} == {}


def test_a_deactivated_admin_is_a_stranger_everywhere(
    app: Flask, ada: Agent, boss: Agent, signed_in: Callable[[Agent], FlaskClient]
):
    client = signed_in(boss)
    ada.role = "admin"
    deactivate(boss, by=ada)
    found = answers(client, doors(app, SIGNED_IN, AGENT, ADMIN))
    assert set(found.values()) <= {302, 401, 403}


def test_every_form_asks_for_its_token(app: Flask, boss: Agent, signed_in: Callable[[Agent], FlaskClient]):
    """Without it, nothing that changes anything is even looked at. Programs and the public form bring no cookie."""
    app.config["WTF_CSRF_ENABLED"] = True
    client = signed_in(boss)
    cookieless = {pages.name for pages in (*PAGES_FOR_PROGRAMS, *PUBLIC_FORMS)}
    changing = [
        (method, path_of(app, rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if rule.endpoint.split(".")[0] not in cookieless
    ]
    assert len(changing) > 20
    for method, path in changing:
        answer = client.open(path, method=method)
        assert (answer.status_code, "Please load it again" in answer.text) == (400, True), (method, path)
