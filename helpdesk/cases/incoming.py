"""What somebody outside said, as a case takes it in: by mail, form or program alike."""

from dataclasses import dataclass, field

from helpdesk.blobs.files import FileRef
from helpdesk.cases.models import Attachment, Case, Message

SNIPPET_LENGTH = 200
Person = tuple[str, str]
"""(name, address)"""


@dataclass(frozen=True)
class Incoming:
    """One message from outside. `text` is what its author newly wrote, `quoted` the rest of it."""

    text: str
    from_name: str
    from_address: str
    subject: str = ""
    quoted: str = ""
    html: str = ""
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    message_id: str = ""
    automatic: str = ""
    warning: str = ""
    files: tuple[FileRef, ...] = field(default_factory=tuple)


def snippet(text: str) -> str:
    """The first words of `text` on one line, for the list."""
    words = " ".join(text[: SNIPPET_LENGTH * 4].split())
    return words if len(words) <= SNIPPET_LENGTH else words[: SNIPPET_LENGTH - 1].rstrip() + "…"


def message_of(case: Case, incoming: Incoming) -> Message:
    """The row for `incoming` on `case`, not yet added to a session."""
    return Message(
        case_id=case.id,
        direction="in",
        from_name=incoming.from_name[:300],
        from_address=incoming.from_address[:320],
        to=[list(person) for person in incoming.to],
        cc=[list(person) for person in incoming.cc],
        subject=incoming.subject[:1000],
        text=incoming.text,
        quoted=incoming.quoted,
        html=incoming.html,
        message_id=incoming.message_id.strip("<>")[:998],
        automatic=incoming.automatic[:40],
        warning=incoming.warning[:500],
        attachments=attachments_of(incoming.files),
    )


def attachments_of(files: tuple[FileRef, ...]) -> list[Attachment]:
    """Rows for files whose bytes are in the store."""
    return [
        Attachment(
            sha256=file.sha256,
            filename=file.filename[:255],
            content_type=file.content_type[:255],
            size=file.size,
            inline=file.inline,
            content_id=file.content_id,
        )
        for file in files
    ]
