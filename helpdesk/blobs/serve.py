"""Handing a file to a browser, so that nothing in it can act on our pages."""

import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, current_app, request

from helpdesk.blobs.files import FileRef
from helpdesk.blobs.store import store
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l

CHUNK_BYTES = 256 * 1024
RASTERS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""The only types a browser may show by itself, and how their files begin."""
POLICY = "default-src 'none'; sandbox"


class FileLost(HelpdeskError):
    """The row is there, the bytes are not."""

    code, http_status, sentence = "file_lost", 404, _l("This file is no longer in the store.")


def as_download(ref: FileRef) -> Response:
    """The file as an answer to a request that was allowed to have it. Raises FileLost, StoreAway.

    A raster image that is one is shown; anything else is saved, as bytes of no type, under its own name.
    """
    try:
        chunks = store().chunks(ref.sha256, CHUNK_BYTES)
    except FileNotFoundError:
        current_app.logger.error("The bytes of %s are not in the store", ref.sha256)
        raise FileLost()
    first = next(chunks, b"")
    shown = _is_raster(ref.content_type, first)

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks

    response = Response(whole(), mimetype=ref.content_type.lower() if shown else "application/octet-stream")
    response.content_length = ref.size
    response.headers["Content-Disposition"] = _disposition("inline" if shown else "attachment", ref.filename)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # Asked for anew each time, so that permission is looked at each time; unchanged bytes are not sent again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(ref.sha256)
    response.make_conditional(request)
    return response


def _is_raster(declared: str, first: bytes) -> bool:
    kind = declared.lower()
    return first.startswith(RASTERS.get(kind, ())) and (kind != "image/webp" or first[8:12] == b"WEBP")


def _disposition(kind: str, filename: str) -> str:
    """With a plain name for old browsers and the whole one as RFC 5987 writes it (RFC 6266, appendix D)."""
    name = "".join(char for char in filename if unicodedata.category(char)[0] != "C") or "file"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join("_" if char in '"\\%;/' else char for char in plain).strip() or "file"
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
