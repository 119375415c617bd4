"""Why the ledger says what it says: a sentence for each rule."""

from collections.abc import Callable
from typing import Any

from helpdesk.core.i18n import _
from helpdesk.mail_in.models import InboundMail

Saw = dict[str, Any]

SENTENCES: dict[str, Callable[[Saw], str]] = {
    "new_matter": lambda saw: _("Nothing in it points to a case that we have."),
    "form": lambda saw: _("It came by the contact form."),
    "seen_already": lambda saw: _("The same mail came before: ledger row %(first)s.", first=saw.get("first", "")),
    "our_own_mail": lambda saw: _("It was sent from %(address)s, which is ours.", address=saw.get("address", "")),
    "bounce_of_case": lambda saw: _(
        "A mail server reports that our mail did not reach %(who)s.", who=", ".join(saw.get("recipients", [])) or "?"
    ),
    "bounce_of_nothing_known": lambda saw: _("A mail server reports about a mail that is not ours."),
    "automatic_on_case": lambda saw: _("A machine wrote it, on a case that we have: %(why)s", why=saw.get("why", "")),
    "automatic_alone": lambda saw: _("A machine wrote it, and it belongs to no case: %(why)s", why=saw.get("why", "")),
    "automatic_matter": lambda saw: _("A machine wrote it, but it may be somebody's matter: %(why)s", why=saw["why"]),
    "reply_token": lambda saw: _(
        "It answers our mail: the reply token was given to %(issued_to)s, and %(sender)s takes part in the case.",
        issued_to=saw.get("issued_to", ""),
        sender=saw.get("sender", ""),
    ),
    "token_from_stranger": lambda saw: _(
        "It has the reply token of %(issued_to)s, but %(sender)s does not take part in that case.",
        issued_to=saw.get("issued_to", ""),
        sender=saw.get("sender") or _("nobody named"),
    ),
    "known_message_id": lambda saw: _(
        "It answers a mail of the case, and %(sender)s takes part in it.", sender=saw.get("sender", "")
    ),
    "thread_from_stranger": lambda saw: _(
        "It answers a mail of a case, but %(sender)s does not take part in that case.",
        sender=saw.get("sender") or _("nobody named"),
    ),
    "authentication_failed": lambda saw: _(
        "It says that it is from %(sender)s, but our mail server found that it is not (DMARC).",
        sender=saw.get("sender", ""),
    ),
    "number_in_subject": lambda saw: _(
        "Only the number %(number)s in its subject points to a case.", number=saw.get("number", "")
    ),
    "gave_up": lambda saw: _("It could not be read after %(n)s attempts. The mail is kept.", n=saw.get("attempts", "")),
    "too_large": lambda saw: _("It is larger than we take in."),
    "discarded_by_person": lambda saw: _("A colleague discarded it: %(reason)s", reason=saw.get("reason", "")),
    "let_in_by_person": lambda saw: _("A colleague let it in."),
}


def explain(row: InboundMail) -> str:
    """The sentence for a row, in the reader's language; empty while it has no outcome."""
    if row.outcome is None:
        return _("It waits to be read.")
    say = SENTENCES.get(row.rule)
    sentence = say(row.evidence) if say else row.rule
    forwarder = row.evidence.get("forwarded_by")
    return f"{sentence} {_('Forwarded by %(who)s.', who=forwarder)}" if forwarder else sentence
