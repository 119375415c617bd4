"""What somebody outside said, as a case takes it in: by mail, form or program alike."""

from dataclasses import dataclass, field

from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.blobs.files import FileRef
from helpdesk.cases.models import Attachment, Message
from helpdesk.core.rows import numbers, write

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


def write_message(case_id: int, message_id: int, incoming: Incoming) -> Message:
    """Write `incoming` and its files onto the case, in the caller's transaction."""
    message = Message(
        id=message_id,
        case_id=case_id,
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
    )
    write(message)
    files = attachments_of(incoming.files)
    for file, file_id in zip(files, numbers(*[Attachment] * len(files)) if files else (), strict=True):
        file.id, file.message_id = file_id, message_id
        write(file)
    set_committed_value(message, "attachments", files)
    return message


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
