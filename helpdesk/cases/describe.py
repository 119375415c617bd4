"""A case as plain data, for commands and programs."""

from typing import Any

from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.cases.thread import Thread


def summary(case: Case) -> dict[str, Any]:
    """number, subject, status, queue, owner, customer{name,email}, waiting_since (ISO 8601, UTC)."""
    return {
        "number": case.number,
        "subject": case.subject,
        "status": case.status,
        "queue": case.queue.name,
        "owner": case.owner.email if case.owner else None,
        "customer": {
            "name": case.customer.name if case.customer else case.from_name or None,
            "email": case.from_address or None,
        },
        "waiting_since": case.waiting_since.isoformat(),
    }


def whole(case: Case, thread: Thread) -> dict[str, Any]:
    """The summary, every message, and every event."""
    return {
        **summary(case),
        "merged_into": case.merged_into.number if case.merged_into else None,
        "possibly_of": case.maybe_of.number if case.maybe_of else None,
        "messages": [_message(entry.message) for entry in thread.entries if entry.message],
        "events": [_event(event) for event in thread.events],
    }


def _message(message: Message) -> dict[str, Any]:
    mail = message.outbound
    return {
        "direction": message.direction,
        "from": {"name": message.from_name, "email": message.from_address},
        "to": [{"name": name, "email": email} for name, email in message.to],
        "cc": [{"name": name, "email": email} for name, email in message.cc],
        "text": message.text,
        "quoted": message.quoted,
        "at": message.at.isoformat(),
        "message_id": message.message_id or None,
        "automatic": message.automatic or None,
        "warning": message.warning or None,
        "delivery": {"state": mail.state, "problem": mail.problem or None} if mail else None,
        "attachments": [
            {"filename": file.filename, "content_type": file.content_type, "size": file.size, "sha256": file.sha256}
            for file in message.attachments
        ],
    }


def _event(event: CaseEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "at": event.at.isoformat(),
        "by": event.actor.email if event.actor else None,
        "data": event.data,
    }
