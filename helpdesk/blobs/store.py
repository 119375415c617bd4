"""Putting bytes where they are safe, and getting them back, by content hash."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from helpdesk.blobs.folder import FolderStore
from helpdesk.blobs.models import Blob
from helpdesk.core.db import transaction
from helpdesk.core.fast import Fast


class Store(Protocol):
    """A place for bytes."""

    def write(self, sha256: str, data: bytes) -> None:
        """Keep `data`; when this returns they survive a power cut. Writing the same bytes again is fine."""

    def read(self, sha256: str) -> bytes:
        """The bytes. Raises FileNotFoundError when they are not there."""

    def chunks(self, sha256: str, size: int) -> Iterator[bytes]:
        """The bytes in pieces of about `size`. Raises FileNotFoundError at once, not at the first piece."""

    def probe(self) -> None:
        """Write a few bytes, to see whether that works. Raises NoSpace, StoreAway, OSError."""


@dataclass(frozen=True)
class Kept:
    """Bytes that are durable in the store; their row may not be written yet."""

    sha256: str
    size: int


ENTER = Fast(insert(Blob).on_conflict_do_nothing().inline(), ["sha256", "size"])


def store() -> Store:
    """The store that BLOB_URL names."""
    extensions = current_app.extensions
    if "blobs" not in extensions:
        url = current_app.config["BLOB_URL"]
        extensions["blobs"] = _in_a_bucket(url) if url.startswith("s3:") else FolderStore.at(url)
    return extensions["blobs"]


def _in_a_bucket(url: str) -> Store:
    from helpdesk.blobs.s3 import S3Store  # only who has a bucket carries the client of one

    return S3Store.at(url)


def keep(data: bytes) -> Kept:
    """Make `data` durable in the store. Stands before the transaction: the store may be across the network.

    Raises NoSpace when the store's disk is nearly full, StoreAway when the store does not answer.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    store().write(sha256, data)
    return Kept(sha256, len(data))


def enter(kept: Iterable[Kept]) -> None:
    """Write the rows of kept bytes, in the caller's transaction. Rows that exist stay."""
    # In one order everywhere, so that two transactions with the same files never wait for one another in a circle.
    rows = sorted(set(kept), key=lambda one: one.sha256)
    if rows:
        with transaction():
            for one in rows:
                ENTER(sha256=one.sha256, size=one.size)


def put(data: bytes) -> str:
    """Keep `data`, enter it, and return its SHA-256. Raises NoSpace, StoreAway."""
    kept = keep(data)
    enter([kept])
    return kept.sha256


def get(sha256: str) -> bytes:
    """The bytes behind a hash. Raises FileNotFoundError when the store has lost them, StoreAway when it is away."""
    return store().read(sha256)
