"""The cookie and the form token."""

import pytest
from flask import Flask

import config
from helpdesk.core.db import transaction
from helpdesk.factory import create_app


@pytest.fixture
def https_app(app: Flask, environment: dict[str, str]) -> Flask:
    """The application as it is served over https, with form tokens asked for."""
    served = create_app(config.load({**environment, "BASE_URL": "https://desk.example"}, services={}))
    served.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    return served


def token_of(page: str) -> str:
    return page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]


def test_over_https_the_cookie_belongs_to_this_host_alone(https_app: Flask):
    answer = https_app.test_client().get("/sign-in", base_url="https://desk.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-helpdesk=")
    assert {part.strip() for part in cookie.split(";")[1:]} >= {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
    assert "Domain" not in cookie


def test_over_http_the_cookie_has_a_plain_name_and_is_hidden_from_scripts(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = True
    cookie = app.test_client().get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("helpdesk=")
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie


def test_a_form_without_its_token_is_refused_in_words(https_app: Flask):
    client = https_app.test_client()
    answer = client.post(
        "/sign-in", data={"email": "ada@desk.example", "password": "x"}, base_url="https://desk.example"
    )
    assert answer.status_code == 400
    assert "Please load it again" in answer.text


def test_a_form_with_its_token_works_over_https_though_browsers_send_no_referer(https_app: Flask):
    client = https_app.test_client()
    page = client.get("/sign-in", base_url="https://desk.example")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    data = {"email": "ada@desk.example", "password": "x", "csrf_token": token_of(page.text)}
    answer = client.post("/sign-in", data=data, base_url="https://desk.example")
    assert answer.status_code == 401


def test_pages_are_not_kept_by_caches(app: Flask):
    assert app.test_client().get("/sign-in").headers["Cache-Control"] == "no-store"


def test_a_database_that_cannot_say_who_is_signed_in_still_ends_in_a_page(app, signed_in, ada):
    client = signed_in(ada)
    with transaction() as session:
        session.connection().exec_driver_sql("alter table sign_ins rename to sign_ins_away")
    try:
        answer = client.get("/cases")
    finally:
        with transaction() as session:
            session.connection().exec_driver_sql("alter table sign_ins_away rename to sign_ins")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "Something went wrong on our side." in answer.get_data(as_text=True)
