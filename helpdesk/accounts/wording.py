"""The room's things in words, for templates."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import url_for

from helpdesk.accounts.models import AuditEntry
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l

ROLE_NAMES = {"admin": _l("admin"), "agent": _l("agent"), "reader": _l("reader")}
# The first that fits: each browser also claims to be those below it.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def role_name(role: str) -> str:
    """A role in the reader's language."""
    return str(ROLE_NAMES[role])


def browser_name(user_agent: str) -> str:
    """A browser as its owner knows it: "Firefox, Windows". What it calls itself, when we know neither."""
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (BROWSERS, SYSTEMS)]
    known = ", ".join(name for name in found if name)
    return known or re.split(r"[ /]", user_agent, maxsplit=1)[0] or _("an unknown browser")


SUBJECT_WORDS: Mapping[str, Any] = {
    "agent": _l("Colleague"),
    "queue": _l("Queue"),
    "mailbox": _l("Mailbox"),
    "inbound_mail": _l("Incoming mail"),
    "outbound mail": _l("Outgoing mail"),
    "customer": _l("Customer"),
    "contact": _l("Contact"),
    "address": _l("Postal address"),
    "email": _l("E-mail address"),
    "phone": _l("Phone number"),
}
ACTION_WORDS: Mapping[str, Any] = {
    "added": _l("added"),
    "created": _l("added"),
    "changed": _l("changed"),
    "removed": _l("removed"),
    "moved": _l("moved"),
    "left": _l("has left"),
    "came back": _l("is back"),
    "moved to stage": _l("moved to another stage"),
    "deactivated": _l("deactivated"),
    "reactivated": _l("reactivated"),
    "made a link for": _l("given a link to sign in"),
    "set the password of": _l("given a new password"),
    "discarded": _l("discarded"),
    "undiscarded": _l("brought back"),
    "let_in": _l("let in"),
    "retried": _l("read again"),
    "tried again": _l("sent again"),
}
SUBJECT_PAGES = {
    "agent": ("accounts.agent", "agent_id"),
    "queue": ("queues.edit", "queue_id"),
    "mailbox": ("mail_in.mailbox", "mailbox_id"),
    "inbound_mail": ("mail_in.mail", "row_id"),
    "outbound mail": ("mail_out.mail", "mail_id"),
    "customer": ("customers.show", "customer_id"),
    "contact": ("customers.contact", "contact_id"),
}
VALUE_MAX = 200


def subject_words(entry: AuditEntry) -> str:
    """What was changed: its kind and number."""
    kind = str(SUBJECT_WORDS.get(entry.subject, entry.subject))
    return f"{kind} {entry.subject_id}" if entry.subject_id else kind


def action_words(entry: AuditEntry) -> str:
    """What was done to it."""
    return str(ACTION_WORDS.get(entry.action, entry.action))


def subject_address(entry: AuditEntry) -> str:
    """The page of what was changed, or nothing."""
    if entry.subject not in SUBJECT_PAGES or entry.subject_id is None:
        return ""
    endpoint, argument = SUBJECT_PAGES[entry.subject]
    place: dict[str, Any] = {argument: entry.subject_id}
    return url_for(endpoint, **place)


def changed_fields(entry: AuditEntry) -> Iterator[tuple[str, str | None, str]]:
    """Field, what it was (None: not known) and what it became, each at most VALUE_MAX characters."""
    for field, value in entry.change.items():
        if isinstance(value, list) and len(value) == 2:
            yield field, _value_words(value[0]), _value_words(value[1])
        else:
            yield field, None, _value_words(value)


def _value_words(value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return words if len(words) <= VALUE_MAX else words[:VALUE_MAX] + "…"
