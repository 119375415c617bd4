"""What the browser loads: named by content, cached for ever, and the reader's colours from the first paint."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.core.looks import STATIC, age, asset, file_size, initials, wants_fragment


def test_an_unknown_address_is_answered_with_a_sentence_in_the_plain_layout(app: Flask):
    answer = app.test_client().get("/contact-us-at-nowhere")
    page = answer.get_data(as_text=True)
    assert answer.status_code in (403, 404)
    assert "<h1>" in page
    assert "Traceback" not in page


def test_no_page_of_ours_carries_inline_script_or_style(app: Flask):
    page = app.test_client().get("/nothing-here").get_data(as_text=True)
    assert "style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count("<script src=") == 1


@pytest.mark.parametrize(("cookie", "expected"), [("dark", 'data-bs-theme="dark"'), ("light", 'data-bs-theme="light"')])
def test_the_chosen_theme_is_in_the_first_paint(app: Flask, cookie: str, expected: str):
    browser = app.test_client()
    browser.set_cookie("theme", cookie)
    assert expected in browser.get("/nothing-here").get_data(as_text=True)


def test_an_invented_theme_is_ignored(app: Flask):
    browser = app.test_client()
    browser.set_cookie("theme", '"><script>')
    assert "data-bs-theme" not in browser.get("/nothing-here").get_data(as_text=True)


def test_built_files_are_named_by_their_content_and_kept_by_browsers(app: Flask):
    manifest = STATIC / "build" / "manifest.json"
    assert manifest.exists(), "the front end is not built here: make assets"
    built = json.loads(manifest.read_text())
    assert asset("desk.css") == f"/static/build/{built['desk.css']}"
    answer = app.test_client().get(asset("desk.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "no-cache" not in answer.headers["Cache-Control"]


def test_a_page_and_its_fragment_are_never_confused_by_a_cache(app: Flask):
    assert "HX-Request" in app.test_client().get("/nothing-here").headers["Vary"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"HX-Request": "true", "HX-Request-Type": "partial"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({"HX-Request": "true", "HX-Request-Type": "partial", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_only_a_piece_asked_for_by_htmx_is_a_fragment(app: Flask, headers: dict[str, str], expected: bool):
    with app.test_request_context("/", headers=headers):
        assert wants_fragment() is expected


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "now"), (1, "1 min"), (59, "59 min"), (60, "1 h"), (1439, "23 h"), (1440, "1 d")]
)
def test_an_age_is_said_in_its_largest_whole_unit(app: Flask, minutes: int, words: str):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert age(start, start + timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Solveig Dahl", "SD"),
        ("Per", "PE"),
        ("", "?"),
        ("Nordvik Bygg AS", "NB"),
        ("AS", "AS"),
        ("ø@å.no", "ØÅ"),
        ("— —", "?"),
    ],
)
def test_initials_are_two_letters_whatever_the_name(name: str, letters: str):
    assert initials(name) == letters


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (999, "999 B"), (34_400, "34 kB"), (1_200_000, "1.2 MB")])
def test_sizes_are_in_decimal_units(size: int, words: str):
    assert file_size(size) == words
