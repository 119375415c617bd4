"""A file on its way to a browser."""

import hashlib
from urllib.parse import unquote

import pytest
from flask import Flask, Response

from helpdesk.blobs.files import FileRef
from helpdesk.blobs.serve import FileLost, as_download
from helpdesk.blobs.store import put

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 600_000


def served(app: Flask, data: bytes, filename: str, content_type: str, **headers: str) -> Response:
    ref = FileRef(put(data), filename, content_type, len(data))
    with app.test_request_context(headers=headers):
        return as_download(ref)


def test_a_file_is_saved_under_its_name_as_bytes_of_no_type(app: Flask) -> None:
    response = served(app, b"%PDF" * 100_000, "guide.pdf", "application/pdf")
    assert response.get_data() == b"%PDF" * 100_000
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="guide.pdf"'
    assert response.headers["Content-Length"] == "400000"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_a_picture_is_shown(app: Flask) -> None:
    response = served(app, PNG, "photo.png", "image/PNG")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Disposition"] == 'inline; filename="photo.png"'
    assert response.get_data() == PNG


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<script>alert(1)</script>", "text/html"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml"),
        (b"<script>alert(1)</script>", "image/png"),
        (b"RIFFxxxxAVI ", "image/webp"),
        (b"", "image/gif"),
    ],
)
def test_what_could_run_or_is_not_what_it_says_is_only_saved(app: Flask, data: bytes, content_type: str) -> None:
    response = served(app, data, "x", content_type)
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.get_data() == data


@pytest.mark.parametrize("name", ["Bilde – blå.pdf", 'a"b;c.pdf', "100%.txt", "日本語.txt"])
def test_a_name_in_any_script_is_kept_whole(app: Flask, name: str) -> None:
    value = served(app, b"x", name, "text/plain").headers["Content-Disposition"]
    assert unquote(value.split("filename*=UTF-8''")[1]) == name
    assert value.isascii()
    assert value.count('"') == 2


def test_a_name_cannot_add_a_header_or_turn_itself_round(app: Flask) -> None:
    value = served(app, b"x", "a\r\nSet-Cookie: b\u202efdp.exe", "text/plain").headers["Content-Disposition"]
    assert "\n" not in value
    assert "%E2%80%AE" not in value


def test_unchanged_bytes_are_not_sent_twice(app: Flask) -> None:
    etag = f'"{hashlib.sha256(b"same").hexdigest()}"'
    assert served(app, b"same", "a.txt", "text/plain").headers["ETag"] == etag
    assert served(app, b"same", "a.txt", "text/plain", If_None_Match=etag).status_code == 304


def test_bytes_that_the_store_has_lost_are_told_in_words(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileLost, match="no longer in the store"):
        as_download(FileRef("0" * 64, "a.txt", "text/plain", 1))
