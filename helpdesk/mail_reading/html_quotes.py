"""Which elements of an HTML mail hold the history: the marks that mail programs put there."""

from __future__ import annotations

import re

from helpdesk.mail_reading.html_scan import attributes

_VOID = {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
_MAX_OPEN = 2_000
_LOOK_BACK = 60
# Elements that hold quoted history: Gmail, Yahoo, Thunderbird, Proton, Zoho, Tutanota, GMX, Zimbra, Roundcube, QQ,
# NetEase, Outlook on phones and on the web, Apple, Front, HubSpot, Mail.ru, Yandex, Superhuman, Spark, Missive.
_QUOTE_CLASS = re.compile(
    r"(?:^|[\s_])(?:gmail_quote|gmail_quote_container|gmail_attr|yahoo_quoted|moz-cite-prefix|moz-email-headers-table"
    r"|protonmail_quote|zmail_extra|tutanota_quote|outlookmessageheader|ms-outlook-mobile-reference-message"
    r"|quoted-message|quoted_text|plaintext_quote|mail_quote|front-blockquote|hs_reply|hs-quoted|superhuman_quote"
    r"|spark_quote|missive_quote|wrapquote|replyheader|cite-prefix|history_container|airmail_ext_on"
    r"|bloop_markdown_quote"
    r"|mailru-blockquote|aolmail_quote|reply-to-quote|ymail_quoted|nylas-quote|unibox-quote|cmg_quote)(?:$|[\s_])"
)
_QUOTE_ID = re.compile(
    r"(?:^|[\s_])(?:yahoo_quoted.*|divrplyfwdmsg|reply-intro|isreplycontent|isforwardcontent|replysplit"
    r"|replywithhistory"
    r"|mail-editor-reference-message-container|ms-outlook-mobile-reference.*|zmail_quote"
    r"|olk_src_body_section|originalmessage"
    r"|origbody|oriMsgHtmlSeperator|qt|wmail_quoted|mailcontent_quote|gmail_quote|appendonsend)(?:$|[\s_])",
    re.IGNORECASE,
)
# From here to the end of the mail everything is history.
_CUT_ID = re.compile(
    r"(?:^|[\s_])(?:divrplyfwdmsg|appendonsend|stopspelling|zwchr|olk_src_body_section)$", re.IGNORECASE
)
_QUOTE_BLOCK = re.compile(r"border-(?:left|inline-start)\s*:\s*(?!\s*(?:0|none|medium none))[^;]+", re.IGNORECASE)
_INDENT = re.compile(r"margin\s*:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px", re.IGNORECASE)
_OUTLOOK_RULE = re.compile(
    r"border\s*:\s*none\s*;\s*border-top\s*:\s*solid\s+(?:#?[0-9a-z]+)\s+1\.0pt\s*;\s*padding\s*:\s*3\.0pt",
    re.IGNORECASE,
)


class QuoteMarks:
    """Follows the open elements. `depth`: how many `>` a line here gets; `quoted`: whether it is history."""

    def __init__(self) -> None:
        self.depth = 0
        self._inside = 0
        self._cut = False
        self._open: list[tuple[str, bool, bool]] = []

    @property
    def quoted(self) -> bool:
        return self._cut or self._inside > 0

    def opened(self, name: str, written: str) -> None:
        """An element begins."""
        if name in _VOID:
            if name == "hr" and _CUT_ID.search(attributes(written).get("id", "")):
                self._cut = True
            return
        if len(self._open) >= _MAX_OPEN:
            return
        block = inside = False
        if written or name == "blockquote":
            block, inside = self._kind(name, attributes(written) if written else {})
        self._open.append((name, block, inside))
        self.depth += block
        self._inside += inside

    def _kind(self, name: str, attrs: dict[str, str]) -> tuple[bool, bool]:
        marks = attrs.get("class", "").lower()
        ident = attrs.get("id", "")
        style = attrs.get("style", "")
        if name == "blockquote":
            indented = not attrs.get("type") and _INDENT.search(style) and not _QUOTE_BLOCK.search(style)
            cited = attrs.get("type", "").lower() == "cite" or bool(_QUOTE_CLASS.search(marks)) or "cite" in attrs
            return not indented, not indented and (cited or bool(_QUOTE_BLOCK.search(style)))
        if ident and _CUT_ID.search(ident):
            self._cut = True
        if style and name == "div" and _OUTLOOK_RULE.search(style):
            self._cut = True
        held = bool(marks and _QUOTE_CLASS.search(marks)) or bool(ident and _QUOTE_ID.search(ident))
        held = held or attrs.get("name", "").lower() == "quote" or attrs.get("data-marker") == "__QUOTED_TEXT__"
        return False, held

    def closed(self, name: str) -> None:
        """An element ends; a missing end tag in between is made up for, a stray one passed over."""
        for back in range(1, min(len(self._open), _LOOK_BACK) + 1):
            if self._open[-back][0] == name:
                for _, block, inside in self._open[-back:]:
                    self.depth -= block
                    self._inside -= inside
                del self._open[-back:]
                return
