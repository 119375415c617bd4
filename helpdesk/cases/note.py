"""A note: only colleagues see it."""

from helpdesk.accounts.models import Agent
from helpdesk.blobs.files import FileRef
from helpdesk.cases.drafts import forget_draft
from helpdesk.cases.errors import EmptyText
from helpdesk.cases.events import record
from helpdesk.cases.incoming import attachments_of
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, Message
from helpdesk.core.db import transaction
from helpdesk.core.over_again import over_again


@over_again
def note(case: Case, text: str, by: Agent, files: tuple[FileRef, ...] = ()) -> Message:
    """Write `text` on the case for colleagues. It changes neither status nor owner. Raises EmptyText."""
    if not text.strip() and not files:
        raise EmptyText()
    with transaction() as session:
        case = locked(case, follow_merge=True)
        message = Message(
            case_id=case.id,
            direction="note",
            agent_id=by.id,
            from_name=by.name,
            text=text.strip(),
            attachments=attachments_of(files),
        )
        message.agent = by
        session.add(message)
        session.flush()
        forget_draft(case, by)
        record(case, "noted", by=by, message=message)
    return message
