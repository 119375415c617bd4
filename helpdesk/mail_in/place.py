"""Putting a mail where the decision says: a new case, an existing one, or nowhere but the ledger."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from helpdesk.blobs.files import FileRef
from helpdesk.cases.append import append
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Participant
from helpdesk.cases.note import note
from helpdesk.cases.open import open_with
from helpdesk.core.db import db
from helpdesk.core.i18n import _
from helpdesk.customers.match import customer_for
from helpdesk.mail_in.decide import Decision, Letter
from helpdesk.mail_in.storable import storable
from helpdesk.mail_in.writer import agent_forwarding
from helpdesk.mail_reading.mail import Address, Mail

TEXT_MAX = 1_000_000
HTML_MAX = 2_000_000
"""Characters kept beside the case; the raw mail has all of it."""


@dataclass(frozen=True)
class Placed:
    """Where the mail stands now, and what was found out on the way."""

    case_id: int | None = None
    message_id: int | None = None
    saw: dict[str, Any] = field(default_factory=dict)


def place(letter: Letter, decision: Decision) -> Placed:
    """Do what `decision` says, in the caller's transaction."""
    case = decision.case
    if decision.outcome == "new_case":
        return _new_case(letter, decision)
    if decision.outcome == "appended" and case is not None:
        message = append(case, incoming_of(letter, case))
        return Placed(message.case_id, message.id)
    if decision.outcome in ("automatic", "bounce") and case is not None:
        message = append(case, incoming_of(letter, case, automatic=decision.rule))
        return Placed(message.case_id, message.id)
    return Placed(case_id=case.id if case else None)


def _new_case(letter: Letter, decision: Decision) -> Placed:
    mail = letter.mail
    colleague = agent_forwarding(mail, letter.writer)
    forwarded = mail.forwarded if colleague else None
    writer = forwarded.sender if forwarded else letter.writer
    who = customer_for(writer.email if writer else "", storable(writer.name) if writer else "")
    automatic = mail.automatic.kind if mail.automatic else ""
    incoming = incoming_of(letter, None, automatic=automatic, writer=writer)
    case, message = open_with(letter.row.queue, incoming, who=who, source="mail", maybe_of=decision.case)
    saw: dict[str, Any] = {"customer": who.rule}
    if colleague and forwarded:
        saw["forwarded_by"] = colleague.email
        if forwarded.note.strip():
            note(case, storable(forwarded.note), by=colleague)
    return Placed(case.id, message.id, saw)


def incoming_of(letter: Letter, case: Case | None, *, automatic: str = "", writer: Address | None = None) -> Incoming:
    """The mail as the case takes it in. For a colleague's forward, `writer` is the one who is forwarded."""
    mail, person = letter.mail, writer or letter.writer
    text, quoted, subject = mail.reply_text, mail.quoted_text, mail.subject
    if mail.forwarded and writer is not None and writer == mail.forwarded.sender:
        text, quoted, subject = mail.forwarded.text, "", mail.forwarded.subject or subject
    if not text.strip() and not quoted.strip():
        text = mail.text
    return Incoming(
        text=storable(text)[:TEXT_MAX],
        quoted=storable(quoted)[:TEXT_MAX],
        html=storable(mail.html) if len(mail.html) <= HTML_MAX else "",
        from_name=storable(person.name) if person else "",
        from_address=storable(person.email).lower() if person else "",
        subject=storable(subject),
        to=_people(mail.to),
        cc=_people(mail.cc),
        message_id=storable(mail.message_id or ""),
        automatic=automatic,
        warning=_warning(letter, case),
        files=_files(letter),
    )


def _people(addresses: tuple[Address, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((storable(one.name)[:300], storable(one.email)[:320]) for one in addresses[:100])


def _files(letter: Letter) -> tuple[FileRef, ...]:
    mail = letter.mail
    files = [
        FileRef(
            sha256=file.sha256,
            filename=storable(file.filename) or _("file"),
            content_type=storable(file.content_type),
            size=file.size,
            inline=file.inline,
            content_id=storable(file.content_id)[:998] if file.content_id else None,
        )
        for file in mail.attachments
    ]
    if is_incomplete(mail):
        files.append(FileRef(letter.row.raw_sha256, "original.eml", "message/rfc822", letter.row.size))
    return tuple(files)


def is_incomplete(mail: Mail) -> bool:
    """Whether the reader met one of its caps: the case then carries the original too."""
    return (
        any(" is read" in problem or " are read" in problem for problem in mail.problems) or len(mail.html) > HTML_MAX
    )


def _warning(letter: Letter, case: Case | None) -> str:
    """What an agent should know before answering: shown, never acted upon."""
    mail, warnings = letter.mail, []
    writer = letter.writer.email.lower() if letter.writer else ""
    elsewhere = [person.email for person in mail.reply_to if person.email.lower() != writer and "@" in person.email]
    if elsewhere and mail.original_sender is None:
        warnings.append(_("Asks for replies to %(address)s.", address=storable(elsewhere[0])))
    if case is not None and mail.cc:
        known = set(db.session.scalars(select(Participant.address).where(Participant.case_id == case.id)))
        ours = letter.row.queue.address
        new = [person.email for person in mail.cc if person.email.lower() not in known | {ours}]
        if new:
            warnings.append(_("Also sent to %(addresses)s.", addresses=storable(", ".join(new[:5]))))
    if is_incomplete(mail):
        warnings.append(_("This mail could not be read in full. The original is attached."))
    return " ".join(warnings)
