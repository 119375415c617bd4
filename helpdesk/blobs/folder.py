"""Bytes in a folder: temporary file, fsync, rename, fsync of the folder."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from helpdesk.blobs.errors import NoSpace
from helpdesk.core.kill_points import here

FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class FolderStore:
    """Two levels of folders by the hash's first characters, so that none of them grows large."""

    root: Path

    @classmethod
    def at(cls, url: str) -> "FolderStore":
        """The store in the folder that `url` (a path or file://…) names, made when it is not there."""
        root = Path(url.removeprefix("file://"))
        root.mkdir(parents=True, exist_ok=True)
        return cls(root.resolve())

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def write(self, sha256: str, data: bytes) -> None:
        """See Store.write. Raises NoSpace."""
        target = self.path(sha256)
        if target.exists():
            # Whoever wrote it may have died before its name was durable.
            sync(target.parent)
            return
        if shutil.disk_usage(self.root).free < current_app.config["FREE_DISK_MIN_BYTES"] + len(data):
            raise NoSpace()
        try:
            self._write(target, data)
        except OSError as error:
            if error.errno in FULL:
                raise NoSpace() from error
            raise
        here("blobs.kept")

    def _write(self, target: Path, data: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                here("blobs.written")
                os.fsync(file.fileno())
            here("blobs.synced")
            os.rename(temporary, target)
            here("blobs.renamed")
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync(target.parent)

    def read(self, sha256: str) -> bytes:
        """See Store.read."""
        return self.path(sha256).read_bytes()

    def probe(self) -> None:
        """See Store.probe. Raises NoSpace."""
        if shutil.disk_usage(self.root).free < current_app.config["FREE_DISK_MIN_BYTES"]:
            raise NoSpace()
        with tempfile.TemporaryFile(dir=self.root) as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())

    def chunks(self, sha256: str, size: int) -> Iterator[bytes]:
        """See Store.chunks."""
        return _chunks(self.path(sha256).open("rb"), size)


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    with file:
        while chunk := file.read(size):
            yield chunk


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
