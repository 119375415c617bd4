"""Two people, one record: the first to save wins, the other sees the difference and chooses."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, select
from sqlalchemy.exc import InvalidRequestError

from helpdesk.accounts.audit import differences, note
from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.core.clock import now
from helpdesk.core.db import Base, db, transaction
from helpdesk.core.errors import NotFound
from helpdesk.customers.errors import Clash, EditedMeanwhile
from helpdesk.customers.models import Contact, Customer, PostalAddress

SUBJECTS = {Customer: "customer", Contact: "contact", PostalAddress: "address"}
Versioned = Customer | Contact | PostalAddress


def lock(thing: Base) -> None:
    """Hold the row until the end of the caller's transaction, and read it anew. Raises NotFound if it is gone."""
    try:
        db.session.refresh(thing, with_for_update=True)
    except InvalidRequestError:
        raise NotFound()


def save(thing: Versioned, version: int, new: Mapping[str, Any], by: Agent, action: str = "changed") -> bool:
    """Give `thing` the values `new`, if it is still as it was at `version`; True if anything changed.

    One row of audit says what. If a colleague has saved since, and left a field of `new` at something else than we
    are about to write, nothing is saved: EditedMeanwhile carries both sides. A colleague's change that agrees with
    ours is none.
    """
    with transaction():
        lock(thing)
        if thing.version != version:
            clashes = _clashes(thing, version, new)
            if clashes:
                raise EditedMeanwhile(clashes, thing.version)
        change = differences(thing, **new)
        if not change:
            return False
        for name, value in new.items():
            setattr(thing, name, value)
        change["version"] = [thing.version, thing.version + 1]
        thing.version += 1
        if isinstance(thing, Customer):
            thing.updated_at = now()
        note(by, action, SUBJECTS[type(thing)], thing.id, change)
    return True


def _clashes(thing: Versioned, version: int, new: Mapping[str, Any]) -> list[Clash]:
    """The fields of `new` that colleagues changed after `version` to something else."""
    changed: dict[str, Clash] = {}
    for entry, who in _saved_since(thing, version):
        for name, (before, _after) in entry.change.items():
            if name not in new:
                continue
            first = changed[name].before if name in changed else before
            changed[name] = Clash(name, new[name], getattr(thing, name), first, who or "", entry.at)
    return [clash for clash in changed.values() if clash.mine != clash.theirs]


def _saved_since(thing: Versioned, version: int) -> Sequence[Any]:
    saved_against = AuditEntry.change["version"][0].astext.cast(Integer)
    return db.session.execute(
        select(AuditEntry, Agent.name)
        .outerjoin(Agent, Agent.id == AuditEntry.actor_id)
        .where(AuditEntry.subject == SUBJECTS[type(thing)], AuditEntry.subject_id == thing.id, saved_against >= version)
        .order_by(AuditEntry.id)
    ).all()
