"""Something more was said on a case that exists."""

from sqlalchemy import func

from helpdesk.cases.events import enter
from helpdesk.cases.incoming import Incoming, snippet, write_message
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.core.db import transaction
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again
from helpdesk.core.rows import numbers


@over_again
def append(case: Case, incoming: Incoming) -> Message:
    """Add `incoming` to the case, or to the one it was merged into.

    A person's words make a waiting or closed case open again, still its agent's. What a machine wrote changes nothing.
    """
    with transaction():
        case = locked(case, follow_merge=True)
        message_id, event_id = numbers(Message, CaseEvent)
        message = write_message(case.id, message_id, incoming)
        if incoming.automatic:
            event = CaseEvent(id=event_id, kind="automatic", data={"why": incoming.automatic})
            enter(event, case, message=message)
            return message
        was = case.status
        if was in ("waiting", "closed"):
            case.status, case.closed_at = "open", None
            case.waiting_since = func.now()
        case.snippet = snippet(incoming.text or incoming.quoted)
        enter(CaseEvent(id=event_id, kind="wrote", data={"reopened": was == "closed"}), case, message=message)
        here("cases.appended")
    return message
