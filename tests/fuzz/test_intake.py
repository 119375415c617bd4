"""The web form and the endpoint for programs take everything, refuse in words, and leave nothing half done."""

import base64
import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from helpdesk.cases.models import Case, Queue
from helpdesk.core.db import db
from helpdesk.intake.schema import FIELDS, FILE_FIELDS
from tests.fuzz.asking import ask
from tests.fuzz.pace import tried, tries
from tests.fuzz.values import JSON_VALUES, VALUES, sendable
from tests.fuzz.whole import halves
from tests.intake.conftest import WRITTEN, token_in

TYPES = st.sampled_from([
    "application/json", "application/json; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=b",
    "text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data; boundary=" + "x" * 500, "\xff",
    "application/json;" * 50,
])  # fmt: skip
KINDS = st.sampled_from(
    ["image/png", "text/plain; charset=x", "", "a", "text/html", "x" * 300 + "/y", "image/svg+xml", "\xff/\xff"]
)
FILE_NAMES = VALUES | st.sampled_from(
    ["../../etc/passwd", "C:\\a\\b.exe", "a\0.txt", ".", "..", "x" * 5000 + ".txt", "\u202egpj.exe"]
)


@pytest.fixture
def visitor(app: Flask, queue: Queue) -> FlaskClient:
    """A browser of somebody outside, or a program. Forms may be sent at once."""
    app.config["FORM_MIN_S"] = 0
    return app.test_client()


def cases() -> int:
    """How many there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Case)) or 0


def test_no_form_breaks_the_desk(visitor: FlaskClient) -> None:
    token, made = token_in(visitor.get("/contact")), [0]
    names = st.sampled_from([*WRITTEN, "website", "token", "files", "csrf_token", "x", ""])
    changes = st.dictionaries(names, st.one_of(VALUES, st.lists(VALUES, max_size=3)), max_size=3)
    files = st.lists(st.tuples(FILE_NAMES, KINDS, st.binary(max_size=50)), max_size=3)

    @tries(50)
    @given(st.sampled_from(["", "/support", "/nobody", "/%00", "/%ff"]), changes, files, VALUES)
    def is_sent(slug: str, changed: dict[str, Any], uploads: list[tuple[str, str, bytes]], asked: str) -> None:
        data: dict[str, Any] = {**WRITTEN, "token": token, **changed}
        data = {
            name: [sendable(one) for one in said] if isinstance(said, list) else sendable(said)
            for name, said in data.items()
        }
        if uploads:
            data["files"] = [(io.BytesIO(body), sendable(name), kind) for name, kind, body in uploads]
        query = {"lang": sendable(asked), "embed": sendable(asked), "topic": sendable(asked)}
        answer = ask(visitor, "POST", f"/contact{slug}", "web form", data=data, query_string=query)
        made[0] += answer.status_code == 303
        ask(visitor, "GET", f"/contact{slug}", "web form", query_string=query)
        if answer.status_code == 303:
            ask(visitor, "GET", answer.location, "web form")

    is_sent()
    assert made[0] > 0
    assert 0 < cases() <= made[0]
    assert halves() == []


def test_no_json_breaks_the_desk(visitor: FlaskClient) -> None:
    made = [0]
    upload = st.dictionaries(
        st.sampled_from([*FILE_FIELDS, "x"]),
        JSON_VALUES | st.binary().map(lambda data: base64.b64encode(data).decode()),
    )
    whole_upload = st.fixed_dictionaries(
        {"filename": FILE_NAMES, "content": st.binary(max_size=50).map(lambda data: base64.b64encode(data).decode())}
    )
    attachments = st.lists(upload | whole_upload | JSON_VALUES, max_size=3)
    changes = st.dictionaries(st.sampled_from([*FIELDS, "x", "\ud800", ""]), JSON_VALUES | VALUES, max_size=3)
    valid = {name: WRITTEN[name] for name in ("name", "email", "message")}

    @tries(100)
    @given(changes, st.none() | attachments, st.none() | VALUES)
    def is_sent(changed: dict[str, Any], files: Any, key: str | None) -> None:
        body = {**valid, **changed, **({} if files is None else {"attachments": files})}
        headers = {} if key is None else {"Idempotency-Key": header(key)}
        answer = ask(visitor, "POST", "/api/inquiries", "JSON endpoint", json=body, headers=headers)
        made[0] += answer.status_code == 201
        assert answer.is_json

    @tries(60)
    @given(
        st.one_of(JSON_VALUES.map(json.dumps).map(str.encode), st.binary(max_size=80), st.sampled_from(ODD_BODIES)),
        TYPES,
    )
    def is_nonsense(body: bytes, kind: str) -> None:
        answer = ask(visitor, "POST", "/api/inquiries", "JSON endpoint", data=body, content_type=kind)
        made[0] += answer.status_code == 201
        assert answer.is_json

    is_sent()
    is_nonsense()
    assert cases() == made[0] > 0
    assert halves() == []


ODD_BODIES = [
    b"[" * 100_000, b'{"a":' * 100_000, b'{"name":1e999}', b'{"name":"\\ud800"}', b'{"name":"a","name":"b"}',
    b"\xff\xfe{\0}\0", b"", b'{"name":"' + b"a" * 1_000_000 + b'"}', b"9" * 5000,
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n',
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx\r\n--b--\r\n',
    b"name=a&name=b&" * 2000, b"\xef\xbb\xbf{}",
    b'--b\r\nContent-Disposition: form-data; name*=utf-8\'\'%ff; filename*=utf-7\'\'+AA\r\n\r\nx\r\n--b--\r\n',
    b'{"attachments":[' + b"{}," * 3000 + b"{}]}",
]  # fmt: skip


def header(text: str) -> str:
    """As it can stand in a header line at all."""
    return "".join(char for char in text if char not in "\r\n\0").encode("latin-1", "replace").decode("latin-1")


def test_the_same_key_twice_at_any_length_is_one_case(visitor: FlaskClient) -> None:
    valid = {name: WRITTEN[name] for name in ("name", "email", "message")}

    @tries(25)
    @given(VALUES.filter(lambda key: 0 < len(key) <= 100))
    def comes_twice(key: str) -> None:
        first, second = (
            ask(visitor, "POST", "/api/inquiries", "JSON endpoint", json={**valid, "key": key}) for _ in range(2)
        )
        assert second.status_code == 200
        assert first.get_json()["number"] == second.get_json()["number"]
        tried("keys")

    comes_twice()
    assert halves() == []
