"""HTML of strangers made safe to show: a linear look at its shape first, then nh3's allow-list.

nh3 0.3 takes over 40 s for 100,000 nested div, so HTML that is too deep, too large or too odd is shown as its text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import nh3

from helpdesk.mail_reading.caps import MAX_HTML_DEPTH, MAX_HTML_SHOWN_CHARS
from helpdesk.mail_reading.charsets import tidy
from helpdesk.mail_reading.html_scan import tokens
from helpdesk.mail_reading.html_text import html_to_text

_TAGS = {
    *(
        "a",
        "abbr",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
    ),
    *(
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
    ),
    *(
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
    ),
    *(
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ),
}
_LAYOUT = {"align", "valign", "width", "height", "bgcolor", "dir", "lang", "title"}
_ATTRIBUTES = {tag: set(_LAYOUT) for tag in _TAGS} | {
    "a": {"href", "title", "dir", "lang"},
    "img": {"src", "alt", "width", "height", "title", "align"},
    "td": _LAYOUT | {"colspan", "rowspan"},
    "th": _LAYOUT | {"colspan", "rowspan"},
    "table": _LAYOUT | {"border", "cellpadding", "cellspacing"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
}
_DROPPED_WHOLE = {
    "script",
    "style",
    "title",
    "noscript",
    "svg",
    "math",
    "template",
    "iframe",
    "object",
    "embed",
    "xml",
    "select",
    "textarea",
}
# A missing end tag of these is normal and does not nest.
_LOOSE = {
    "p",
    "li",
    "td",
    "th",
    "tr",
    "dd",
    "dt",
    "option",
    "tbody",
    "thead",
    "tfoot",
    "colgroup",
    "html",
    "head",
    "body",
}
_VOID = {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_REMOTE = re.compile(r"https?://", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]{1,2000000}$", re.IGNORECASE)
_REMOTE_IMAGE = re.compile(r"<img\b[^<>]{0,2000}?\bsrc\s{0,9}=\s{0,9}[\"']?\s{0,9}(?:https?:)?//", re.IGNORECASE)
_MAX_ATTRIBUTES = 100
_MAX_TAGS = 100_000


def clean(source: str, *, images: bool, cid_url: Callable[[str], str | None]) -> str:
    """`source` without anything that runs, styles or phones home.

    `images` lets remote pictures through; `cid_url` gives the address of a picture that came with the mail, or None.
    """
    source = tidy(source)
    if len(source) > MAX_HTML_SHOWN_CHARS or not _is_reasonable(source):
        return f"<pre>{html.escape(html_to_text(source[:MAX_HTML_SHOWN_CHARS]))}</pre>"

    def keep(tag: str, name: str, value: str) -> str | None:
        value_bare = value.strip()
        if tag == "img" and name == "src":
            return _picture(value_bare, images, cid_url)
        if tag == "a" and name == "href":
            return value_bare if _LINK.match(value_bare) else None
        return value

    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _picture(value: str, images: bool, cid_url: Callable[[str], str | None]) -> str | None:
    if value[:4].lower() == "cid:":
        return cid_url(value[4:].strip("<> "))
    if _PICTURE.match(value):
        return value
    return value if images and _REMOTE.match(value) else None


def has_remote_images(source: str) -> bool:
    """Whether there are pictures that showing the HTML would fetch from elsewhere."""
    return _REMOTE_IMAGE.search(source[:MAX_HTML_SHOWN_CHARS]) is not None


def _is_reasonable(source: str) -> bool:
    depth = count = 0
    for kind, name, written in tokens(source):
        if kind == "text" or name in _VOID:
            if kind == "open" and len(written.split(None, _MAX_ATTRIBUTES)) > _MAX_ATTRIBUTES:
                return False
            continue
        count += 1
        if name not in _LOOSE:
            depth = depth + 1 if kind == "open" else max(0, depth - 1)
        if depth > MAX_HTML_DEPTH or count > _MAX_TAGS:
            return False
        if kind == "open" and len(written.split(None, _MAX_ATTRIBUTES)) > _MAX_ATTRIBUTES:
            return False
    return True
