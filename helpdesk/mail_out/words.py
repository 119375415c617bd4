"""What went wrong with a mail on its way out, in plain words for agents.

A trouble is kept as data (`{"code": …, "server": …, "said": …}`) and put into words when somebody reads it, in their
language. `said` are the server's own words.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from helpdesk.core.i18n import lazy as _l

SAID_MAX = 500

SENTENCES: dict[str, Any] = {
    "refused": _l("The server at %(server)s refused the recipient: %(said)s"),
    "refused_mail": _l("The server at %(server)s refused the mail: %(said)s"),
    "busy": _l("The server at %(server)s asks us to try again later: %(said)s"),
    "unreachable": _l("The server at %(server)s cannot be reached: %(said)s"),
    "timeout": _l("The server at %(server)s did not answer in time."),
    "broken": _l("The connection to the server at %(server)s broke off before the mail was handed over."),
    "lost": _l(
        "The connection was lost just after the mail was handed over, so it is sent once more. "
        "If both arrive, they carry the same Message-ID."
    ),
    "lost_twice": _l(
        "The connection was lost twice, just after the mail was handed over. "
        "It has most likely arrived; we cannot be sure."
    ),
    "login": _l("The server at %(server)s did not accept our sign-in: %(said)s"),
    "no_login": _l("The server at %(server)s offers no way to sign in that we know."),
    "bare_login": _l("The server at %(server)s offers no encryption, and we do not send our password in the open."),
    "tls": _l("There is no secure connection to the server at %(server)s: %(said)s"),
    "no_starttls": _l("The server at %(server)s offers no encryption (STARTTLS), and the settings require it."),
    "too_large": _l("The mail is larger than the server at %(server)s takes (%(said)s)."),
    "no_utf8": _l("The server at %(server)s cannot deliver to an address with letters like these: %(address)s"),
    "bad_address": _l("“%(address)s” is not an e-mail address."),
    "bad_sender": _l("“%(address)s”, the address we write from, is not an e-mail address."),
    "settings": _l("The setting SMTP_URL cannot be understood: %(said)s"),
    "folder": _l("The mail cannot be written to the folder %(server)s: %(said)s"),
    "store": _l("The mail's files cannot be read right now."),
    "compose": _l("This mail could not be put together. The details are in the log."),
    "unforeseen": _l("Something went wrong on our side while sending. The details are in the log."),
    "crashed": _l("Sending this mail ended the worker %(times)s times. It is not tried again by itself."),
    "unknown": _l("We could not find out whether it arrived. %(last)s"),
    "gave_up": _l("Not delivered in %(days)s days of trying. %(last)s"),
    "some_failed": _l("Not delivered to %(addresses)s."),
    "discarded": _l("Discarded by %(name)s: %(reason)s"),
}


def trouble(code: str, **data: Any) -> dict[str, Any]:
    """A trouble as it is kept in a row. `said` is cut to SAID_MAX characters."""
    if "said" in data:
        data["said"] = str(data["said"])[:SAID_MAX]
    return {"code": code, **data}


def sentence(kept: Mapping[str, Any]) -> str:
    """The trouble in the reader's language; empty for none."""
    if not kept:
        return ""
    data = dict(kept)
    if "last" in data:
        data["last"] = sentence(data["last"])
    if "addresses" in data:
        data["addresses"] = ", ".join(data["addresses"])
    words = SENTENCES.get(data.pop("code"), SENTENCES["unforeseen"])
    return (str(words) % defaultdict(str, data)).strip()
