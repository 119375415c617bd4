"""Bytes in an S3 bucket, Amazon's or anybody's that speaks its language."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import obstore
from flask import current_app
from obstore.exceptions import BaseError
from obstore.store import S3Store as Bucket

from helpdesk.blobs.errors import StoreAway

TIMEOUT = timedelta(seconds=60)
"""For a whole request: 50 MB at 8 Mbit/s."""
CONNECT_TIMEOUT = timedelta(seconds=5)
RETRIES, RETRY_TIME = 3, timedelta(seconds=20)
DEFAULT_REGION = "us-east-1"
"""What servers other than Amazon's expect to be signed for."""


_process_of_client: list[int] = []


def _in_one_process() -> None:
    """The client's threads do not survive a fork, and a forked child would wait for them for ever: it fails instead.

    Web and worker processes are forked before their first use, which is fine.
    """
    if not _process_of_client:
        _process_of_client.append(os.getpid())
    if _process_of_client[0] != os.getpid():
        raise RuntimeError("The S3 client was used before this process was forked; start it as a new process")


@dataclass(frozen=True)
class S3Store:
    """One object a blob, under two levels of prefixes as in a folder."""

    bucket: Any

    @classmethod
    def at(cls, url: str) -> "S3Store":
        """The bucket that s3://bucket/prefix?endpoint=https://host&region=name names.

        Without an endpoint it is Amazon's. Credentials are BLOB_ACCESS_KEY and BLOB_SECRET_KEY; without them the
        machine's own role counts. Nothing is sent yet. Raises ValueError for a URL without a bucket.
        """
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.scheme != "s3" or not parts.hostname or set(asked) - {"endpoint", "region"}:
            raise ValueError("write s3://bucket/prefix?endpoint=https://host&region=name")
        settings = current_app.config
        given: dict[str, Any] = {"region": asked.get("region", DEFAULT_REGION)}
        if endpoint := asked.get("endpoint"):
            given["endpoint"] = endpoint
        if settings["BLOB_ACCESS_KEY"]:
            given["access_key_id"] = settings["BLOB_ACCESS_KEY"]
            given["secret_access_key"] = settings["BLOB_SECRET_KEY"]
        bucket = Bucket(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={
                "timeout": TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                "allow_http": (endpoint or "").startswith("http://"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIME},
            **given,
        )
        return cls(bucket)

    def write(self, sha256: str, data: bytes) -> None:
        """See Store.write. The request is signed with the bytes' hash, so that they arrive whole. Raises StoreAway."""
        _in_one_process()
        try:
            obstore.put(self.bucket, _key(sha256), data, use_multipart=False)
        except (BaseError, OSError) as error:
            raise StoreAway() from error

    def read(self, sha256: str) -> bytes:
        """See Store.read. Raises StoreAway, which is not the same as FileNotFoundError."""
        return bytes(self._get(sha256).bytes())

    def probe(self) -> None:
        """See Store.probe: one object, written over each time. Raises StoreAway."""
        _in_one_process()
        try:
            obstore.put(self.bucket, "probe", b"probe", use_multipart=False)
        except (BaseError, OSError) as error:
            raise StoreAway() from error

    def chunks(self, sha256: str, size: int) -> Iterator[bytes]:
        """See Store.chunks."""
        return (bytes(chunk) for chunk in self._get(sha256).stream(min_chunk_size=size))

    def _get(self, sha256: str) -> Any:
        _in_one_process()
        try:
            return obstore.get(self.bucket, _key(sha256))
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise StoreAway() from error
            raise
        except (BaseError, OSError) as error:
            raise StoreAway() from error


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
