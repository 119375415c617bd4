"""Taking an inquiry in: ledger row, customer, case and confirmation are durable together before we say thank you."""

import hashlib
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.blobs.store import enter, keep
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.open import open_case
from helpdesk.core import limits, logs, tally
from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.errors import TooMany
from helpdesk.core.i18n import _
from helpdesk.core.kill_points import here
from helpdesk.customers.match import customer_for
from helpdesk.intake.confirm import confirm
from helpdesk.intake.inquiry import Inquiry
from helpdesk.mail_in.models import InboundMail


@dataclass(frozen=True)
class Sent:
    """How an inquiry came: by `door` (form or api), for `queue`, with the mark of the form or request it came by."""

    door: str
    queue: Queue
    mark: str
    network: str


@dataclass(frozen=True)
class Taken:
    """The case that an inquiry has. `new` is False when the same form had come before."""

    number: int
    new: bool
    confirmed: bool


def take_in(inquiry: Inquiry, sent: Sent) -> Taken:
    """Make a case of `inquiry`. Sent twice by the same form with the same words, it is one case.

    Raises TooMany past FORM_LIMIT for the address or FORM_NETWORK_LIMIT for the network, NoSpace, and the database's
    errors: nothing was taken in then.
    """
    before = _taken_before(inquiry, sent)
    if before is None:
        _count(inquiry.email, sent.network)
    here("form.counted")
    raw = keep(inquiry.as_json())
    with transaction() as session:
        enter([raw])
        values = {
            "door": sent.door,
            "queue_id": sent.queue.id,
            "raw_sha256": raw.sha256,
            "size": raw.size,
            "sender": f"{inquiry.name} <{inquiry.email}>",
            "subject": inquiry.subject,
            "message_id": _message_id(sent),
            "content_hash": inquiry.content_hash(),
            "rule": "form",
            "done_at": func.now(),
            "trace": logs.begin_trace(),
        }
        # Of two clicks at once the second waits here for the first, then finds its row.
        row_id = session.scalar(
            insert(InboundMail).values(**values, outcome="new_case").on_conflict_do_nothing().returning(InboundMail.id)
        )
        if row_id is None:
            return _again(inquiry, sent, values)
        here("form.row_inserted")
        case, rule = _open(inquiry, sent)
        confirmed = confirm(case, inquiry.language)
        row = session.get_one(InboundMail, row_id)
        row.case_id, row.evidence = case.id, {"customer": rule, "confirmed": confirmed}
        here("form.case_opened")
    here("form.committed")
    return Taken(case.number, True, confirmed)


def _message_id(sent: Sent) -> str:
    mark = hashlib.sha256(sent.mark.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"<{sent.door}.{mark}@{current_app.config['MAIL_DOMAIN']}>"


def _taken_before(inquiry: Inquiry, sent: Sent) -> InboundMail | None:
    return db.session.scalar(
        select(InboundMail).where(
            InboundMail.queue_id == sent.queue.id,
            InboundMail.message_id == _message_id(sent),
            InboundMail.content_hash == inquiry.content_hash(),
            InboundMail.outcome == "new_case",
        )
    )


def _count(address: str, network: str) -> None:
    settings = current_app.config
    by_address = (settings["FORM_LIMIT"], "form address", address.lower())
    by_network = (settings["FORM_NETWORK_LIMIT"], "form network", network)
    if not limits.is_left(*by_network) or not limits.take(*by_address):
        raise TooMany()
    limits.take(*by_network)


def _again(inquiry: Inquiry, sent: Sent, values: dict[str, object]) -> Taken:
    first = _taken_before(inquiry, sent)
    assert first is not None
    with transaction() as session:
        session.execute(
            insert(InboundMail).values(
                **{**values, "rule": "seen_already"},
                outcome="duplicate",
                case_id=first.case_id,
                evidence={"first": first.id},
            )
        )
        number = session.scalar(select(Case.number).where(Case.id == first.case_id)) or 0
    return Taken(number, False, bool(first.evidence.get("confirmed")))


def _open(inquiry: Inquiry, sent: Sent) -> tuple[Case, str]:
    after_commit(lambda: tally.count("mails_read", sent.door, "new_case"))
    who = customer_for(inquiry.email, inquiry.name, company=inquiry.company, phone=inquiry.phone)
    said = [(_("Company"), inquiry.company), (_("Phone"), inquiry.phone)]
    below = "\n".join(f"{label}: {value}" for label, value in said if value)
    incoming = Incoming(
        text=inquiry.message,
        quoted=below,
        from_name=inquiry.name,
        from_address=inquiry.email.lower(),
        subject=inquiry.subject,
        files=inquiry.files,
    )
    return open_case(sent.queue, incoming, who=who, source=sent.door), who.rule
