"""Something more was said on a case that exists."""

from sqlalchemy import func

from helpdesk.cases.events import record
from helpdesk.cases.incoming import Incoming, message_of, snippet
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, Message
from helpdesk.core.db import transaction
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again


@over_again
def append(case: Case, incoming: Incoming) -> Message:
    """Add `incoming` to the case, or to the one it was merged into.

    A person's words make a waiting or closed case open again, still its agent's. What a machine wrote changes nothing.
    """
    with transaction() as session:
        case = locked(case, follow_merge=True)
        message = message_of(case, incoming)
        session.add(message)
        session.flush()
        if incoming.automatic:
            record(case, "automatic", message=message, why=incoming.automatic)
            return message
        was = case.status
        if was in ("waiting", "closed"):
            case.status, case.closed_at = "open", None
            case.waiting_since = func.now()
        case.snippet = snippet(incoming.text or incoming.quoted)
        record(case, "wrote", message=message, reopened=was == "closed")
        here("cases.appended")
    return message
