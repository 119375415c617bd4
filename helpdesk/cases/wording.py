"""Cases in words: who, in which state, what happened, whether the mail arrived. For templates; values in, words out."""

from datetime import timedelta
from typing import Any

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Attachment, Case, CaseEvent
from helpdesk.core.clock import now
from helpdesk.core.i18n import _, _n
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.looks import age, clock_time
from helpdesk.mail_out.models import OutboundMail

FROM = ("from: ", "fra: ", "von: ", "de: ")
BEGINNINGS = ("on ", "den ", "på ", "am ", "le ")
WROTE = ("wrote", "skrev", "schrieb", "écrit")
KINDS_OF_FILE = {
    "application/pdf": "PDF",
    "application/zip": "ZIP",
    "message/rfc822": _l("E-mail"),
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "text/calendar": _l("Calendar"),
}


def who(case: Case) -> str:
    """The person and, if it is another name, the company: "Solveig Dahl · Fjordlys Hotell"."""
    person = case.contact.name if case.contact else case.from_name or case.from_address
    company = case.customer.name if case.customer else ""
    if not company or company.casefold() == person.casefold():
        return person or _("Unknown sender")
    return f"{person} · {company}" if person else company


def status_words(case: Case, me: Agent) -> str:
    """The state and whose it is: "open · yours for 51 min", "closed 12 Sep, 14:00"."""
    if case.merged_into_id:
        return _("merged")
    if case.status == "closed":
        return _("closed %(when)s", when=clock_time(case.closed_at)) if case.closed_at else _("closed")
    state = {"open": _("open"), "waiting": _("waiting for the customer"), "spam": _("spam")}[case.status]
    if case.owner_id is None:
        owner = _("unclaimed")
    elif case.owner_id == me.id:
        since = case.owned_since
        long = since is not None and now() - since >= timedelta(minutes=1)
        owner = _("yours for %(age)s", age=age(since)) if since and long else _("yours")
    else:
        owner = _("with %(name)s", name=case.owner.name if case.owner else "?")
    return f"{state} · {owner}"


def event_words(event: CaseEvent, me: Agent) -> str:
    """One line of the journal, from the reader's side: "You claimed the case"."""
    mine = event.actor_id is not None and event.actor_id == me.id
    name = event.actor.name if event.actor else _("The system")
    sentences = _YOURS if mine else _THEIRS
    sentence = sentences.get(event.kind) or _THEIRS.get(event.kind)
    if sentence is None:
        return event.kind
    if event.kind == "assigned" and event.data.get("to_id") == me.id:
        sentence = _l("You took over the case") if mine else _l("%(name)s handed the case over to you")
    return str(sentence) % {
        "name": name,
        "to": event.data.get("to_name", "?"),
        "number": event.data.get("from_number", "?"),
    }


_YOURS = {
    "answered": _l("You answered"),
    "noted": _l("You wrote a note"),
    "discarded": _l("You discarded the mail"),
    "claimed": _l("You claimed the case"),
    "released": _l("You released the case"),
    "assigned": _l("You handed the case over to %(to)s"),
    "closed": _l("You closed the case"),
    "reopened": _l("You reopened the case"),
    "merged": _l("You merged #%(number)s into this case"),
    "unmerged": _l("You took this case out of #%(number)s again"),
    "separate": _l("You kept this case apart"),
}
_THEIRS = {
    "opened": _l("The case was opened"),
    "wrote": _l("The customer wrote"),
    "automatic": _l("An automatic mail came in"),
    "answered": _l("%(name)s answered"),
    "noted": _l("%(name)s wrote a note"),
    "claimed": _l("%(name)s claimed the case"),
    "released": _l("%(name)s released the case"),
    "assigned": _l("%(name)s handed the case over to %(to)s"),
    "closed": _l("%(name)s closed the case"),
    "reopened": _l("%(name)s reopened the case"),
    "merged": _l("%(name)s merged #%(number)s into this case"),
    "unmerged": _l("%(name)s took this case out of #%(number)s again"),
    "separate": _l("%(name)s kept this case apart"),
    "sent": _l("The answer was sent"),
    "delayed": _l("The answer is delayed"),
    "failed": _l("The answer could not be delivered"),
    "discarded": _l("%(name)s discarded the mail"),
}


def delivery_words(mail: OutboundMail) -> str:
    """How far an answer has come: sending, sent, delayed (next try at), failed. Why stands beside it."""
    if mail.state == "sent":
        return _("sent again, first try unknown") if mail.resent else _("sent")
    if mail.state == "delayed":
        return _("delayed, next try %(when)s", when=clock_time(mail.next_try_at))
    return {
        "queued": _("sending"),
        "sending": _("sending"),
        "uncertain": _("unsure, sending again"),
        "failed": _("failed"),
        "discarded": _("discarded"),
    }[mail.state]


def people(pairs: list[Any], most: int = 3) -> str:
    """[[name, address]] as names; what is over `most` as a number."""
    names = [name or address for name, address in pairs]
    if len(names) <= most:
        return ", ".join(names)
    rest = len(names) - most
    return _n("%(names)s and %(n)s more", "%(names)s and %(n)s more", rest, names=", ".join(names[:most]))


def folded_words(quoted: str) -> str:
    """What the folded part of a mail holds: "Signature and 1 earlier mail". One pass over the lines."""
    signature, mails, quotes = False, 0, False
    for line in quoted.splitlines():
        bare = line.lstrip("> ").rstrip()
        signature = signature or (line.rstrip() == "--" and not mails)
        quotes = quotes or line.startswith(">")
        mails += _begins_a_mail(bare[:400].lower())
    mails = mails or int(quotes)
    earlier = _n("%(n)s earlier mail", "%(n)s earlier mails", mails) if mails else ""
    if signature and earlier:
        return _("Signature and %(mails)s", mails=earlier)
    return _("Signature") if signature else earlier or _("More text")


def _begins_a_mail(line: str) -> bool:
    said = line.startswith(BEGINNINGS) and line.endswith((":", *WROTE)) and any(verb in line for verb in WROTE)
    return said or line.startswith(FROM)


def file_kind(file: Attachment) -> str:
    """A word for the type of a file: "PDF", "Image", or its ending."""
    kind = file.content_type.partition(";")[0].strip().lower()
    if kind in KINDS_OF_FILE:
        return str(KINDS_OF_FILE[kind])
    family = {"image": _("Image"), "audio": _("Sound"), "video": _("Film"), "text": _("Text")}.get(kind.split("/")[0])
    ending = file.filename.rpartition(".")[2] if "." in file.filename else ""
    return family or (ending.upper()[:5] if ending else _("File"))


FILTERS = (who, status_words, event_words, delivery_words, people, folded_words, file_kind)
