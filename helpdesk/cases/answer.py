"""Answering the customer: the words, the mail that carries them, and what becomes of the case, in one transaction."""

from dataclasses import dataclass

from sqlalchemy import func, select

from helpdesk.accounts.models import Agent
from helpdesk.blobs.files import FileRef
from helpdesk.cases.close import close
from helpdesk.cases.drafts import forget_draft, save_draft
from helpdesk.cases.errors import EmptyText, NoRecipient, StaleAnswer
from helpdesk.cases.events import news_since, record
from helpdesk.cases.incoming import Person, attachments_of, snippet
from helpdesk.cases.lock import locked
from helpdesk.cases.models import Case, CaseEvent, Message
from helpdesk.cases.open import join
from helpdesk.cases.people import people
from helpdesk.core import logs
from helpdesk.core.db import db, transaction
from helpdesk.core.kill_points import here
from helpdesk.core.over_again import over_again
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.outbox import put_in_outbox
from helpdesk.mail_out.reply_tokens import new_message_id, reply_address

REFERENCES_MAX = 20


@dataclass(frozen=True)
class Draft:
    """An answer as its author sends it.

    `seen` is the id of the last event its author saw. `to` and `cc` are addresses as typed; without `to` it goes to
    who opened the case. `then_close` closes the case after it; else it waits for the customer.
    """

    text: str
    seen: int
    to: str = ""
    cc: str = ""
    files: tuple[FileRef, ...] = ()
    then_close: bool = False


@over_again
def answer(case: Case, draft: Draft, by: Agent) -> Message:
    """Send `draft` to the customer. An unclaimed case becomes the author's.

    The same words by the same author, against the same state, are a second click: they leave once. Raises StaleAnswer
    when the customer or a colleague wrote after `draft.seen` (the text is kept as a draft), EmptyText, NoRecipient,
    BadAddress.
    """
    if not draft.text.strip():
        raise EmptyText()
    try:
        return _answer(case, draft, by)
    except StaleAnswer:
        save_draft(case, by, draft.text, "answer", draft.cc)
        raise


def _answer(case: Case, draft: Draft, by: Agent) -> Message:
    with transaction() as session:
        case = locked(case)
        # Before the news: who never heard back and clicks again must not be told that the answer did not leave.
        if twin := _said_already(case, draft, by):
            return twin
        if case.last_event_id > draft.seen and (news := news_since(case, draft.seen, by)):
            raise StaleAnswer(news)
        to = people(draft.to) or ([(case.from_name, case.from_address)] if case.from_address else [])
        if not to:
            raise NoRecipient()
        cc = [person for person in people(draft.cc) if person[1] not in {address for _name, address in to}]
        logs.bind(trace=_trace_of(case))
        message = _message(case, draft, by, to, cc)
        session.add(message)
        if case.owner_id is None:
            case.owner_id, case.owner, case.owned_since = by.id, by, func.now()
        for name, address in [*to, *cc]:
            join(case, address, name)
        case.status, case.closed_at = "waiting", None
        case.waiting_since = func.now()
        case.snippet = snippet(draft.text)
        session.flush()
        forget_draft(case, by)
        record(case, "answered", by=by, message=message)
        if draft.then_close:
            close(case, by)
        here("cases.answered")
    here("cases.answer_committed")
    return message


def _said_already(case: Case, draft: Draft, by: Agent) -> Message | None:
    """The author's own answer since `draft.seen` in the very same words."""
    if case.last_event_id <= draft.seen:
        return None
    query = (
        select(Message)
        .join(CaseEvent, CaseEvent.message_id == Message.id)
        .where(
            CaseEvent.case_id == case.id,
            CaseEvent.id > draft.seen,
            CaseEvent.kind == "answered",
            CaseEvent.actor_id == by.id,
            Message.text == draft.text.strip(),
        )
        .limit(1)
    )
    return db.session.scalar(query)


def _message(case: Case, draft: Draft, by: Agent, to: list[Person], cc: list[Person]) -> Message:
    letter = letter_for(case, draft, by, to, cc)
    message = Message(
        case_id=case.id,
        direction="out",
        agent_id=by.id,
        from_name=by.name,
        from_address=case.queue.address,
        to=[list(person) for person in to],
        cc=[list(person) for person in cc],
        subject=letter.subject,
        text=draft.text.strip(),
        message_id=letter.message_id.strip("<>"),
        attachments=attachments_of(draft.files),
    )
    message.agent = by
    message.outbound = put_in_outbox(letter)
    return message


def _trace_of(case: Case) -> str:
    """The id of what the customer wrote last: what is answered."""
    theirs = select(CaseEvent.trace).where(CaseEvent.case_id == case.id, CaseEvent.kind.in_(("opened", "wrote")))
    return db.session.scalar(theirs.order_by(CaseEvent.id.desc()).limit(1)) or ""


def letter_for(case: Case, draft: Draft, by: Agent, to: list[Person], cc: list[Person]) -> Letter:
    """The mail for an answer: its thread is the case's messages, its Message-ID carries the reply token."""
    thread = list(
        db.session.execute(
            select(Message.message_id, Message.direction)
            .where(Message.case_id == case.id, Message.message_id != "")
            .order_by(Message.id.desc())
            .limit(REFERENCES_MAX)
        )
    )
    theirs = [message_id for message_id, direction in thread if direction == "in"]
    recipient = to[0][1]
    return Letter(
        kind="answer",
        case_id=case.id,
        from_name=f"{by.name} · {case.queue.name}",
        from_address=case.queue.address,
        reply_to=reply_address(case.queue.address, case.id, recipient) if case.queue.plus_addresses else "",
        to=tuple(to),
        cc=tuple(cc),
        subject=answer_subject(case),
        text=with_signature(draft.text.strip(), by.signature),
        in_reply_to=(theirs or [""])[0],
        references=tuple(reversed([message_id for message_id, _direction in thread])),
        files=draft.files,
        message_id=new_message_id(case.id, recipient),
        created_by_id=by.id,
    )


def answer_subject(case: Case) -> str:
    """`Re:` once, and the number that people say aloud."""
    subject = case.subject
    while subject[:3].lower() in ("re:", "sv:"):
        subject = subject[3:].lstrip()
    tag = f"[#{case.number}]"
    return f"Re: {subject}" if tag in subject else f"Re: {subject} {tag}"


def with_signature(text: str, signature: str) -> str:
    """`text` and the signature below the usual mark (RFC 3676, 4.3)."""
    return f"{text}\n\n-- \n{signature.strip()}\n" if signature.strip() else f"{text}\n"
