"""Which case does this mail belong to? The rules of trust, in their order; the first that holds decides.

1 seen already · 2 a machine wrote it · 3 our reply token, from whom it was given to or a participant · 4 a known
Message-ID, from a participant · 5 anything weaker never joins a case by itself.
"""

from dataclasses import dataclass, field
from typing import Any

import re2
from sqlalchemy import bindparam, exists, literal, select, true

from helpdesk.cases.models import Case, Message, Participant, Queue
from helpdesk.core.db import db
from helpdesk.core.fast import Fast
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.storable import storable
from helpdesk.mail_in.trust import claims_failed
from helpdesk.mail_out.models import OutboundMail, Recipient
from helpdesk.mail_out.reply_tokens import ReplyToken, fits, tokens_in
from helpdesk.mail_reading.mail import Address, Mail

NUMBER_IN_SUBJECT = re2.compile(r"\[#([0-9]{4,15})\]")
REFERENCES_MAX = 100
RETURNED_MAX_BYTES = 1_000_000
"""How far into a bounce we look for a Message-ID of ours."""


@dataclass(frozen=True)
class Decision:
    """What is to become of a mail, by which rule, and what the rule saw.

    `case` is the one to join (appended, automatic, bounce) or, for a new case, the one it possibly belongs to.
    """

    outcome: str
    rule: str
    case: Case | None = None
    saw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Letter:
    """A mail that was read, and how it came."""

    row: InboundMail
    mail: Mail
    raw: bytes
    writer: Address | None
    """Who wrote it: the From, or the person behind a server that forwarded it."""
    content_hash: str = ""

    @property
    def message_id(self) -> str:
        """As the ledger keeps it."""
        return storable(self.mail.message_id or "")[:998]

    @property
    def from_address(self) -> str:
        """The writer's address in small letters; empty if nobody is named."""
        return self.writer.email.lower() if self.writer else ""


def decide(letter: Letter) -> Decision:
    """The first rule that holds."""
    return (
        _known_at_once(letter)
        or _automatic(letter)
        or _by_token(letter)
        or _by_message_id(letter)
        or _by_number(letter)
        or Decision("new_case", "new_matter")
    )


def _known_at_once(letter: Letter) -> Decision | None:
    """What one look at the database settles.

    Same queue, Message-ID and content: seen already (the same Message-ID with other content is another mail). A mail
    that one of our queues sent came back to us: it ends here.
    """
    about = {
        "queue_id": letter.row.queue_id,
        "message_id": letter.message_id,
        "content_hash": letter.content_hash,
        "row_id": letter.row.id,
        "writer": letter.from_address,
    }
    first_id, first_case_id, ours = KNOWN.one(**about)
    if first_id is not None:
        case = db.session.get(Case, first_case_id) if first_case_id else None
        return Decision("duplicate", "seen_already", case, {"first": first_id})
    if ours and letter.writer is not None:
        case = _case_of_tokens(tokens_in([letter.mail.message_id or ""]))
        return Decision("automatic", "our_own_mail", case, {"address": letter.writer.email})
    return None


def _known() -> Fast:
    """The ledger's first row of the same mail, and whether the writer is a queue of ours."""
    first = (
        select(InboundMail.id, InboundMail.case_id)
        .where(
            InboundMail.queue_id == bindparam("queue_id"),
            InboundMail.message_id == bindparam("message_id"),
            InboundMail.content_hash == bindparam("content_hash"),
            InboundMail.content_hash != "",
            InboundMail.outcome.is_not(None),
            InboundMail.outcome != "duplicate",
            InboundMail.id != bindparam("row_id"),
        )
        .limit(1)
        .subquery()
    )
    ours = exists().where(Queue.address == bindparam("writer"))
    always = select(literal(1)).subquery()
    return Fast(select(first.c.id, first.c.case_id, ours).select_from(always.outerjoin(first, true())))


KNOWN = _known()


def _automatic(letter: Letter) -> Decision | None:
    """Bounces and machine-written mail go onto their case, and never reopen it. One that belongs to no case stays in
    the ledger, except that a list's or an unknown machine's mail may be somebody's matter: it becomes a case."""
    mail = letter.mail
    if mail.bounce is not None:
        case = _case_of_tokens(tokens_in(_returned_ids(letter))) or _case_of_ids(_all_ids(mail))
        told: dict[str, Any] = {"recipients": [recipient.address for recipient in mail.bounce.recipients][:20]}
        return Decision("bounce", "bounce_of_case" if case else "bounce_of_nothing_known", case, told)
    if mail.automatic is None or mail.automatic.kind == "list":
        return None
    tokens = tokens_in([*_all_ids(mail), *_addresses_written_to(letter)])
    case = _case_of_tokens(tokens) or _case_of_ids(_all_ids(mail))
    saw = {"kind": mail.automatic.kind, "why": mail.automatic.why}
    if case is not None:
        return Decision("automatic", "automatic_on_case", case, saw)
    if mail.automatic.kind == "other":
        return Decision("new_case", "automatic_matter", None, saw)
    return Decision("automatic", "automatic_alone", None, saw)


def _by_token(letter: Letter) -> Decision | None:
    """Rule 3, and of rule 5 the valid token from a stranger."""
    tokens = tokens_in([*_addresses_written_to(letter), *_all_ids(letter.mail)])
    for token in tokens:
        case = db.session.get(Case, token.case_id)
        if case is None:
            continue
        outsiders = _outsiders(case)
        issued_to = next((address for address in outsiders["all"] if fits(token, address)), None)
        if issued_to is None:
            continue
        writer = letter.from_address
        if writer and (writer == issued_to or writer in outsiders["participants"]):
            return Decision("appended", "reply_token", case, {"sender": writer, "issued_to": issued_to})
        return Decision("new_case", "token_from_stranger", case, {"sender": writer, "issued_to": issued_to})
    return None


def _by_message_id(letter: Letter) -> Decision | None:
    """Rule 4, and of rule 5 the known thread from a stranger or with a failed authentication."""
    case = _case_of_ids(_all_ids(letter.mail))
    if case is None:
        return None
    writer = letter.from_address
    saw = {"sender": writer}
    if not writer or writer not in _outsiders(case)["participants"]:
        return Decision("new_case", "thread_from_stranger", case, saw)
    if claims_failed(letter.mail):
        return Decision("held", "authentication_failed", case, saw)
    return Decision("appended", "known_message_id", case, saw)


def _by_number(letter: Letter) -> Decision | None:
    """Of rule 5 the number in the subject: only ever a suggestion."""
    match = NUMBER_IN_SUBJECT.search(letter.mail.subject[:1000])
    if match is None:
        return None
    case = db.session.scalar(select(Case).where(Case.number == int(match.group(1))))
    return Decision("new_case", "number_in_subject", case, {"number": match.group(1)}) if case else None


def _outsiders(case: Case) -> dict[str, set[str]]:
    """Addresses that take part in the case, and all that its mail went to."""
    participants = set(db.session.scalars(select(Participant.address).where(Participant.case_id == case.id)))
    written_to = db.session.scalars(
        select(Recipient.address).join(OutboundMail).where(OutboundMail.case_id == case.id).distinct().limit(200)
    )
    return {"participants": participants, "all": participants | {address.lower() for address in written_to}}


def _case_of_tokens(tokens: list[ReplyToken]) -> Case | None:
    """The case of the first token that is truly ours, whoever sent it."""
    for token in tokens:
        case = db.session.get(Case, token.case_id)
        if case is not None and any(fits(token, address) for address in _outsiders(case)["all"]):
            return case
    return None


def _case_of_ids(ids: list[str]) -> Case | None:
    """The case of the latest message that has one of these Message-IDs."""
    if not ids:
        return None
    query = (
        select(Case)
        .join(Message, Message.case_id == Case.id)
        .where(Message.message_id.in_(ids), Message.message_id != "")
        .order_by(Message.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def _all_ids(mail: Mail) -> list[str]:
    ids = [*mail.in_reply_to, *reversed(mail.references)]
    if mail.bounce is not None and mail.bounce.original_message_id:
        ids.insert(0, mail.bounce.original_message_id)
    return list(dict.fromkeys(ids))[:REFERENCES_MAX]


def _returned_ids(letter: Letter) -> list[str]:
    """Lines of a bounce that could hold our Message-ID: the returned headers stand somewhere in it."""
    text = letter.raw[:RETURNED_MAX_BYTES].decode("latin-1")
    return [*_all_ids(letter.mail), *[line for line in text.splitlines() if "message-id" in line.lower()][:50]]


def _addresses_written_to(letter: Letter) -> list[str]:
    mail = letter.mail
    people = [person.email for person in (*mail.to, *mail.cc)]
    return [letter.row.envelope_to, *mail.headers.delivered_to, *people][:REFERENCES_MAX]
