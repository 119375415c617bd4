"""Files that a person sends with a form."""

from collections.abc import Iterable

from flask import current_app
from werkzeug.datastructures import FileStorage

from helpdesk.blobs.files import FileRef
from helpdesk.blobs.store import enter, keep
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.looks import file_size


class TooManyFiles(HelpdeskError):
    """More than ATTACHMENTS_MAX files, or more than ATTACHMENTS_MAX_BYTES together."""

    code, http_status = "too_many_files", 413


def take(files: Iterable[FileStorage]) -> tuple[FileRef, ...]:
    """Make the uploaded files durable and name them; empty file fields are passed over.

    Raises TooManyFiles before anything is kept, NoSpace.
    """
    named = [file for file in files if file.filename]
    most, most_bytes = current_app.config["ATTACHMENTS_MAX"], current_app.config["ATTACHMENTS_MAX_BYTES"]
    if len(named) > most:
        raise TooManyFiles(_l("At most %(n)s files can go with one message.", n=most))
    read = [(file, file.read()) for file in named]
    if sum(len(data) for _file, data in read) > most_bytes:
        raise TooManyFiles(_l("The files are too large together: at most %(size)s.", size=file_size(most_bytes)))
    kept = [keep(data) for _file, data in read]
    enter(kept)
    return tuple(
        FileRef(
            sha256=one.sha256,
            filename=_name(file.filename or ""),
            content_type=file.mimetype or "application/octet-stream",
            size=one.size,
        )
        for one, (file, _data) in zip(kept, read, strict=True)
    )


def _name(given: str) -> str:
    """The last part of the name a browser gave, without what no file name should have."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:255].strip() or "file"
