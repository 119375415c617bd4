"""The audit trail: who changed what. Rows are only added; the database refuses to change or delete one."""

from typing import Any

from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.core.db import transaction


def note(
    actor: Agent | None, action: str, subject: str, subject_id: int | None = None, change: dict[str, Any] | None = None
) -> None:
    """Add one row in the caller's transaction. `actor` is None for the command line and for the system itself.

    `action` is a verb ("deactivated"), `subject` a kind ("agent"), `change` JSON-ready: field → [before, after], and
    never a secret.
    """
    with transaction() as session:
        session.add(
            AuditEntry(
                actor_id=actor.id if actor else None,
                action=action,
                subject=subject,
                subject_id=subject_id,
                change=change or {},
            )
        )


def differences(thing: Any, **new: Any) -> dict[str, list[Any]]:
    """Field → [before, after], for those of `new` that differ from what `thing` has."""
    return {name: [getattr(thing, name), value] for name, value in new.items() if getattr(thing, name) != value}
