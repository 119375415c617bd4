"""Whether the database is of one piece: nothing begun and not ended, nothing that points where nothing is."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import select, text

from helpdesk.blobs.models import Blob
from helpdesk.blobs.store import get
from helpdesk.core.db import db

HALVES = {
    "a ledger row has its outcome and not its end": """
        select id, outcome, rule from inbound_mails
        where outcome is not null and (done_at is null or rule = '' or leased_until is not null)""",
    "a ledger row is on a case and has no outcome": """
        select id from inbound_mails
        where outcome is null and (case_id is not null or message_row_id is not null or done_at is not null)""",
    "a mail became a case that is not there": """
        select id, outcome from inbound_mails where outcome in ('new_case', 'appended') and case_id is null""",
    "a mail is on a case without its words": """
        select i.id, i.outcome from inbound_mails i left join messages m on m.id = i.message_row_id
        where i.outcome in ('new_case', 'appended') and i.door not in ('form', 'api')
        and (m.id is null or m.direction <> 'in' or (m.case_id <> i.case_id and m.merged_from_id is null))""",
    "a duplicate has no first": """
        select i.id from inbound_mails i where i.outcome = 'duplicate'
        and not exists (select from inbound_mails f where f.id = (i.evidence->>'first')::bigint and f.id <> i.id)""",
    "a case came in and not exactly one ledger row says so": """
        select c.number, c.source from cases c where c.source in ('mail', 'form', 'api') and 1 <> (
        select count(*) from inbound_mails i where i.case_id = c.id and i.outcome = 'new_case'
        and (case when i.door in ('form', 'api') then i.door else 'mail' end) = c.source)""",
    "a case was not opened exactly once": """
        select c.number from cases c
        where 1 <> (select count(*) from case_events e where e.case_id = c.id and e.kind = 'opened')""",
    "a case has no words": """
        select number from cases c where not exists (
        select from messages m where m.case_id = c.id or m.merged_from_id = c.id)""",
    "a case waits for an event that never was": """
        select number from cases c where not exists (select from case_events e where e.id = c.last_event_id)""",
    "a case cannot be found": """
        select number from cases c where merged_into_id is null
        and not exists (select from case_words w where w.case_id = c.id)""",
    "a customer's timeline lacks a case": """
        select number from cases c where customer_id is not null and not exists (
        select from timeline_entries t where t.case_number = c.number and t.kind = 'opened')""",
    "whoever opened a case takes no part in it": """
        select number from cases c where from_address <> '' and not exists (
        select from participants p where p.case_id = c.id and p.address = c.from_address)""",
    "words came in and the journal does not say so": """
        select id from messages m where direction = 'in'
        and not exists (select from case_events e where e.message_id = m.id)""",
    "an answer never went to the outbox": "select id from messages where direction = 'out' and outbound_id is null",
    "an outgoing answer is on no case": """
        select id from outbound_mails o where kind = 'answer'
        and not exists (select from messages m where m.outbound_id = o.id)""",
    "an outgoing mail goes to nobody": """
        select id from outbound_mails o where not exists (select from outbound_recipients r where r.mail_id = o.id)""",
    "a file is not as large as its bytes": """
        select a.id from attachments a join blobs b using (sha256) where a.size <> b.size""",
    "a contact's address is another customer's": """
        select p.id from contact_points p join contacts c on c.id = p.contact_id
        where c.customer_id <> p.customer_id""",
    "a private person is nobody": """
        select id from customers c where kind = 'person'
        and not exists (select from contacts t where t.customer_id = c.id)""",
}


def halves() -> list[str]:
    """A sentence for everything that is half there; empty when all is well."""
    db.session.rollback()
    found = [f"{sentence}: {rows[:3]}" for sentence, query in HALVES.items() if (rows := _rows(query))]
    return found + list(_wrong_bytes())


def _rows(query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.session.execute(text(query))]


def _wrong_bytes() -> Iterator[str]:
    for sha256, size in db.session.execute(select(Blob.sha256, Blob.size)):
        data = get(sha256)
        if hashlib.sha256(data).hexdigest() != sha256 or len(data) != size:
            yield f"the bytes {sha256[:12]} are not what they were"
