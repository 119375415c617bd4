"""Putting bytes where they are safe, and getting them back, by content hash."""

import hashlib
from typing import Protocol

from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from helpdesk.blobs.folder import FolderStore
from helpdesk.blobs.models import Blob
from helpdesk.core.db import transaction


class Store(Protocol):
    """A place for bytes."""

    def write(self, sha256: str, data: bytes) -> None:
        """Keep `data`; when this returns they survive a power cut. Writing the same bytes again is fine."""

    def read(self, sha256: str) -> bytes:
        """The bytes. Raises FileNotFoundError when they are not there."""


def store() -> Store:
    """The store that BLOB_URL names."""
    extensions = current_app.extensions
    if "blobs" not in extensions:
        extensions["blobs"] = FolderStore.at(current_app.config["BLOB_URL"])
    return extensions["blobs"]


def put(data: bytes) -> str:
    """Keep `data` and return its SHA-256: the bytes are durable before the row, and the row joins the transaction.

    Raises NoSpace when the store's disk is nearly full.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    store().write(sha256, data)
    with transaction() as session:
        session.execute(insert(Blob).values(sha256=sha256, size=len(data)).on_conflict_do_nothing())
    return sha256


def get(sha256: str) -> bytes:
    """The bytes behind a hash. Raises FileNotFoundError when the store has lost them."""
    return store().read(sha256)
