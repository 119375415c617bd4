"""Bytes in a bucket of a real server that speaks S3."""

import hashlib
import multiprocessing
from collections.abc import Iterator

import pytest
from flask import Flask

from helpdesk.blobs import store
from helpdesk.blobs.errors import StoreAway
from helpdesk.blobs.store import get, put
from tests.servers import S3, free_port


@pytest.fixture(autouse=True)
def _bucket(app: Flask, s3: S3) -> None:
    use(app, f"s3://files/desk/blobs?endpoint={s3.url}", s3.secret_key)


def use(app: Flask, url: str, secret_key: str = "desk-secret") -> None:
    app.config.update(BLOB_URL=url, BLOB_ACCESS_KEY="desk-key", BLOB_SECRET_KEY=secret_key)
    app.extensions.pop("blobs", None)


@pytest.fixture(autouse=True)
def _folder_again(app: Flask) -> Iterator[None]:
    yield
    app.extensions.pop("blobs", None)


def test_bytes_come_back_as_they_went(s3: S3) -> None:
    data = bytes(range(256)) * 20_000
    sha256 = put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert get(sha256) == data
    assert b"".join(store.store().chunks(sha256, 100_000)) == data
    assert (s3.folder / "files/desk/blobs" / sha256[:2] / sha256[2:4] / sha256).read_bytes() == data


def test_the_same_bytes_twice_are_kept_once(s3: S3) -> None:
    assert put(b"twice") == put(b"twice")


@pytest.mark.parametrize("data", [b"", b"x"])
def test_the_smallest_files_are_kept_too(data: bytes) -> None:
    assert get(put(data)) == data


def test_bytes_that_are_not_there_are_said_to_be_missing() -> None:
    with pytest.raises(FileNotFoundError):
        get("0" * 64)
    with pytest.raises(FileNotFoundError):
        store.store().chunks("0" * 64, 1000)


def test_a_wrong_key_a_missing_bucket_and_a_dead_server_are_not_a_missing_file(app: Flask, s3: S3) -> None:
    sha256 = put(b"kept")
    for url, secret in (
        (f"s3://files/desk/blobs?endpoint={s3.url}", "wrong"),
        (f"s3://nowhere?endpoint={s3.url}", s3.secret_key),
        (f"s3://files?endpoint=http://127.0.0.1:{free_port()}", s3.secret_key),
    ):
        use(app, url, secret)
        with pytest.raises(StoreAway, match="does not answer right now"):
            get(sha256)
        with pytest.raises(StoreAway):
            put(b"new")


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://bucket?endpiont=http://x"])
def test_a_url_that_cannot_be_meant_is_refused(app: Flask, url: str) -> None:
    use(app, url)
    with pytest.raises(ValueError, match="write s3://bucket/prefix"):
        store.store()


def test_a_forked_child_fails_rather_than_waits_for_ever() -> None:
    sha256 = put(b"kept")
    child = multiprocessing.get_context("fork").Process(target=get, args=(sha256,))
    child.start()
    child.join(10)
    assert child.exitcode == 1


def test_whether_it_can_be_written_to_is_found_out_by_writing(app: Flask, s3: S3) -> None:
    store.store().probe()
    use(app, f"s3://nowhere/desk?endpoint={s3.url}")
    with pytest.raises(StoreAway):
        store.store().probe()
