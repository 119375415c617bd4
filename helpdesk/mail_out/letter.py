"""A letter as the rooms hand it to the outbox."""

from dataclasses import dataclass

from helpdesk.blobs.files import FileRef

Person = tuple[str, str]
"""A display name (may be empty) and an address."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to be sent. Nothing in it is encoded yet: names and subject are plain text, files are references.

    `message_id` is fixed here, angle brackets included, and every attempt carries it. `automatic`: nobody typed it; it
    then says so in its headers and goes out with the null return path.
    """

    kind: str
    """answer, confirmation, link or test (models.KINDS)."""
    from_name: str
    from_address: str
    to: tuple[Person, ...]
    subject: str
    text: str
    message_id: str
    case_id: int | None = None
    cc: tuple[Person, ...] = ()
    reply_to: str = ""
    html: str = ""
    """Empty: made from `text`."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()
    automatic: bool = False
    created_by_id: int | None = None
