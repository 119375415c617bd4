"""Inquiries from the company's own programs."""

import base64
import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.blobs.store import get
from helpdesk.cases.models import Attachment, Case
from helpdesk.core.db import db

INQUIRY = {"name": "Kari Nordmann", "email": "kari@example.com", "message": "Hello"}


def cases() -> list[Case]:
    return list(db.session.scalars(select(Case).order_by(Case.id)))


def test_an_inquiry_as_json_becomes_a_case(visitor: FlaskClient) -> None:
    answer = visitor.post("/api/inquiries", json={**INQUIRY, "queue": "support", "language": "nb", "topic": "Lamp"})
    assert (answer.status_code, answer.get_json()) == (201, {"number": 1001, "confirmation": True})
    assert (cases()[0].source, cases()[0].subject) == ("api", "Lamp")


def test_files_come_as_base64_or_as_a_multipart_form(visitor: FlaskClient) -> None:
    file = {"filename": "a.txt", "content_type": "text/plain", "content": base64.b64encode(b"one").decode()}
    assert visitor.post("/api/inquiries", json={**INQUIRY, "attachments": [file]}).status_code == 201
    form = {**INQUIRY, "message": "Two", "attachments": [(io.BytesIO(b"two"), "b.txt")]}
    assert visitor.post("/api/inquiries", data=form, content_type="multipart/form-data").status_code == 201
    kept = db.session.scalars(select(Attachment).order_by(Attachment.id)).all()
    assert [(one.filename, get(one.sha256)) for one in kept] == [("a.txt", b"one"), ("b.txt", b"two")]


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"colour": "red"}, {"colour"}),
        ({"name": 7, "priority": 1}, {"name", "priority"}),
        ({"email": "nobody"}, {"email"}),
        ({"message": ""}, {"message"}),
        ({"language": "de"}, {"language"}),
        ({"language": []}, {"language"}),
        ({"attachments": "x"}, {"attachments"}),
        ({"attachments": [{"filename": "a"}]}, {"attachments[0].content"}),
        ({"attachments": [{"filename": "a", "content": "!", "x": 1}]}, {"attachments[0].content", "attachments[0].x"}),
        ({"attachments": [3]}, {"attachments[0]"}),
        ({"website": "x"}, {"website"}),
    ],
)
def test_what_cannot_be_taken_is_named_field_by_field(
    visitor: FlaskClient, changed: dict[str, Any], fields: set[str]
) -> None:
    answer = visitor.post("/api/inquiries", json={**INQUIRY, **changed})
    assert answer.status_code == 400
    assert set(answer.get_json()["fields"]) == fields
    assert cases() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 200_000, b'"' + b"x" * 100])
def test_what_is_no_json_object_is_refused_in_words(visitor: FlaskClient, body: bytes) -> None:
    answer = visitor.post("/api/inquiries", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "JSON" in answer.get_json()["sentence"]


def test_odd_characters_are_taken_out_and_not_stumbled_over(visitor: FlaskClient) -> None:
    odd = {"name": "Ka\x00ri \ud800", "message": "a\x00b\r\nc", "topic": "one\ntwo", "key": "\ud800\x00"}
    file = {"filename": "\x00a\ud800.txt", "content_type": "te\x00xt", "content": ""}
    body = json.dumps({**INQUIRY, **odd, "attachments": [file]})
    assert visitor.post("/api/inquiries", data=body, content_type="application/json").status_code == 201
    assert (cases()[0].from_name, cases()[0].subject) == ("Kari ?", "one two")


def test_an_unknown_queue_is_told(visitor: FlaskClient) -> None:
    assert visitor.post("/api/inquiries", json={**INQUIRY, "queue": "none\x00"}).status_code == 404


def test_the_same_key_again_answers_the_same_number(visitor: FlaskClient) -> None:
    first = visitor.post("/api/inquiries", json={**INQUIRY, "key": "order-7"})
    again = visitor.post("/api/inquiries", json={**INQUIRY, "key": "order-7"})
    by_header = visitor.post("/api/inquiries", json=INQUIRY, headers={"Idempotency-Key": "order-7"})
    assert (first.status_code, again.status_code, by_header.status_code) == (201, 200, 200)
    assert len(cases()) == 1


def test_without_a_key_the_same_words_are_two_cases(visitor: FlaskClient) -> None:
    for _ in range(2):
        visitor.post("/api/inquiries", json=INQUIRY)
    assert len(cases()) == 2


def test_only_our_own_sites_may_ask_from_a_browser(app: Flask, visitor: FlaskClient) -> None:
    app.config["FORM_ANCESTORS"] = ["https://www.fjordlys.example"]
    ours = visitor.options("/api/inquiries", headers={"Origin": "https://www.fjordlys.example"})
    assert ours.headers["Access-Control-Allow-Origin"] == "https://www.fjordlys.example"
    assert "Content-Type" in ours.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in ours.headers
    theirs = visitor.options("/api/inquiries", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in theirs.headers


def test_a_limit_is_told_as_429(app: Flask, visitor: FlaskClient) -> None:
    app.config.update(RATELIMIT_ENABLED=True, FORM_LIMIT="1 per 10 minutes")
    answers = [visitor.post("/api/inquiries", json=INQUIRY) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 429]
    assert answers[1].get_json()["error"] == "too_many"


def test_the_document_names_every_field_that_is_taken(visitor: FlaskClient) -> None:
    from helpdesk.intake.schema import FIELDS

    document = visitor.get("/api/openapi.json").get_json()
    schema = document["paths"]["/api/inquiries"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == set(FIELDS)
    assert visitor.post("/api/inquiries", json=dict.fromkeys(schema["required"], "")).status_code == 400
