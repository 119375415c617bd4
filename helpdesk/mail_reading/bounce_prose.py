"""Bounces written for people: qmail, Exim, sendmail, Exchange, and providers that follow no standard.

The long lists of words are looked for with re2, which is linear and looks for all of them at once.
"""

from __future__ import annotations

import re

import re2

from helpdesk.mail_reading.bounce_status import read_status
from helpdesk.mail_reading.mail import BounceRecipient

_DAEMON = re.compile(
    r"mailer[-_.]?daemon|^mail[-_.]?daemon|^bounces?$|^mdaemon|^mail[-_.]?delivery|^mailerror", re.IGNORECASE
)
_POSTMASTER = re.compile(
    r"^(?:post[-_]?master|mail-?admin|administrator|admin|root|smtp|mailsystem|mail|staff|ndr|no-?reply|noreply)",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon)|delivery (?:sub)?system|system administrator|mail system"
    r"|postmaster|administrator",
    re.IGNORECASE,
)
_SUBJECT = re2.compile(
    r"(?i)undeliver|non.?deliver|not? (?:be )?deliver|returned (?:mail|to sender|message)"
    r"|return(?:ing)? message to sender|delivery (?:status|fail|error"
    r"|problem|notif|report|has failed|delay|warning)|failure notice|fail(?:ed|ure)? (?:delivery|mail)"
    r"|mail (?:delivery )?(?:fail|error|system error"
    r"|status report|could not)|message (?:delivery|delayed|undeliverable|not delivered|status)"
    r"|delayed \d+ hours|warning: (?:could not send|message)"
    r"|bounce|user unknown|unzustellbar|nicht zugestellt|zustell|rejected|unable to deliver|undelivered"
    r"|non remis|non distribu|échec|no se puede entregar"
    r"|no entregado|mancata consegna|onbestelbaar|niet bezorgd|ikke leveres|kunne ikke leveres"
    r"|kan ikke leveres|uleveret|olevererbart|levererades inte"
    r"|nie dostarczono|niedostarcz|недостав|не доставлен|配信不能|送信できません|配信できません|エラー|退信"
    r"|无法送达|投递失败|배달"
)
_BODY = re2.compile(
    r"(?i)could ?n[o']t be (?:delivered|sent|found)|(?:was|were|wasn't|has|been|is) (?:not "
    r"|un)?(?:yet )?(?:been )?(?:delivered|undeliverable|bounced back)"
    r"|permanent (?:fatal )?error|permanently|undeliverable|unable to deliver|delivery (?:to|failed"
    r"|has failed|has been delayed)|fail(?:ed|ure) (?:to deliver|delivery)"
    r"|did not reach|had (?:permanent|transient|delivery)|user unknown|unknown user|mailbox (?:is )?(?:full"
    r"|unavailable|exceed)|over quota|recipient"
    r"|returned|rejected|transcript of session|error (?:occurred|delivering)|can(?:not|'t) be delivered"
    r"|permission to post|delivery has failed|trouble delivering|invalid user|no such user|error sending"
    r"|not be reached|malformed address"
    r"|送信できません|配信|エラー|konnte nicht|n'a pas pu|no se pudo|non è stato|не удалось|не может быть доставлено"
)
_ORIGINAL = re2.compile(
    r"(?im)^[ \t>]*(?:-{2,} ?.{0,60}(?:original (?:message|mail|e-mail)|copy of (?:the|your) message"
    r"|message header|returned message|unsent message|undelivered|header of the"
    r"|message follows|body of the message|message text).{0,60}|(?:original|the) message (?:follows"
    r"|headers? follow).{0,30}|message headers follow.{0,10}"
    r"|below (?:this line )?is a copy of.{0,40}|a copy of .{0,40}message.{0,40}:|received: (?:from|by) .{3,}"
    r"|return-path: ?<.{0,200}|x-received: .*|dkim-signature: .*)$"
)
_ADDRESS = r"([^\s<>\"'()\[\]@,;:]{1,64}@[A-Za-z0-9.\-]{1,200}[A-Za-z0-9])"
_AT_START = re.compile(
    rf"^[\s>*•\"'<=-]{{0,14}}(?:(?:(?:final|original)[- ]recipient|recipient(?: address)?|user|empfänger"
    rf"|rcpt to|to address|address|mailbox|destinatario|destinataire"
    rf"|failed recipient|宛先|あて先)\s?[:：;]\s?(?:rfc822;)?\s?)?[<\"']?(?:smtp:|mailto:)?{_ADDRESS}",
    re.IGNORECASE,
)
_AFTER_CODE = re.compile(
    rf"^[\s<>]{{0,8}}[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?[<\"']?{_ADDRESS}[>\"']?", re.IGNORECASE
)
_ANYWHERE = re.compile(_ADDRESS)
_HEADERISH = re.compile(r"^\s*(?:to|from|cc|subject|sent|date|reply-to|message-id|sender|x-[\w-]+)\s*:", re.IGNORECASE)
_NOT_RECIPIENT = re.compile(
    r"mail from|return path|from[: ]|sender|contact|https?://|generated from|expanded from|support|help"
    r"|message-id|questions|administrator",
    re.IGNORECASE,
)
_SMTP = re.compile(r"^[ \t<>]*(?:rcpt to\b|[45]\d\d[ -])", re.IGNORECASE | re.MULTILINE)
_MAX_LINES = 400


def looks_bounced(facts: dict[str, str], text: str) -> bool:
    """Whether a mail without machine-readable parts reports a failed delivery.

    `facts`: sender, name, subject, return_path ("null" for the empty one), failed (X-Failed-Recipients),
    report and original ("yes").
    """
    head = text[:6000]
    local = facts["sender"].partition("@")[0] or facts["name"]
    points = 0
    if _DAEMON.search(local) or _DAEMON.search(facts["name"]):
        points += 2
    elif _POSTMASTER.match(local) or _DAEMON_NAME.search(facts["name"]):
        points += 1
    subject, body = bool(_SUBJECT.search(facts["subject"][:300])), bool(_BODY.search(head))
    points += subject + body
    points += facts["return_path"] == "null" or bool(_DAEMON.search(facts["return_path"]))
    points += bool(facts["original"]) or bool(_ORIGINAL.search(text[:20000]))
    points += 2 if facts["report"] else 0
    points += bool(_SMTP.search(head))
    if facts["failed"]:
        return True
    return points >= 4 and (subject or body) and (points - subject - body >= 2)


def read_prose(text: str, known: list[str], ignored: set[str]) -> list[BounceRecipient]:
    """The addresses a bounce's words name, with status, code and reason of each.

    `known` are addresses from X-Failed-Recipients, `ignored` those of the bounce's own sender and recipient.
    """
    match = _ORIGINAL.search(text)
    lines = (text[: match.start()] if match and match.start() > 0 else text).split("\n")[:_MAX_LINES]
    found = _named(lines, ignored)
    for address in known:
        found.setdefault(address.lower(), (address, len(lines)))
    if known:
        found = {key: value for key, value in found.items() if key in {address.lower() for address in known}}
    places = [*sorted(place for _, place in found.values()), len(lines)]
    recipients = []
    for address, place in sorted(found.values(), key=lambda one: one[1]):
        following = next((other for other in places if other > place), len(lines))
        own = "\n".join(lines[place:following])
        recipients.append(read_status(address, own, "\n".join(lines)))
    return recipients


def _named(lines: list[str], ignored: set[str]) -> dict[str, tuple[str, int]]:
    """The addresses that stand where a bounce names its recipients, with their line numbers."""
    for pattern in (_AT_START, _AFTER_CODE, None):
        found: dict[str, tuple[str, int]] = {}
        for place, line in enumerate(lines):
            if len(line) > 1000 or "@" not in line or _HEADERISH.match(line):
                continue
            if pattern is None:
                match = None if _NOT_RECIPIENT.search(line) else _ANYWHERE.search(line)
            else:
                match = pattern.match(line)
            if match is None:
                continue
            address = match[1].strip(".<>")
            if address.lower() not in ignored and not address.lower().startswith(("mailer-daemon@", "postmaster@")):
                found.setdefault(address.lower(), (address, place))
        if found:
            return found
    return {}
