"""A mail's own HTML, made harmless for a sandboxed frame: capped, cleaned, images off until asked for."""

import base64
import re

import nh3
from markupsafe import escape

from helpdesk.blobs import store
from helpdesk.cases.models import Message

HTML_MAX_CHARS = 2_000_000
DEPTH_MAX = 200
IMAGES_MAX_BYTES = 8_000_000
"""Of images that came with the mail, put into the page itself: the frame has no cookies to fetch them with."""
SHOWN_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
ENDS_ITSELF = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "colgroup"])
"""Tags whose end may be left out: the next of them ends the one before, so they nest only inside others."""
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
TAGS = (
    nh3.ALLOWED_TAGS | {"font", "center", "u", "s", "big", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "hr"}
) - {"map", "area"}
LOOKS = {
    "align",
    "valign",
    "bgcolor",
    "color",
    "width",
    "height",
    "border",
    "cellpadding",
    "cellspacing",
    "dir",
    "title",
}
PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><base target="_blank">'
    "<style>body{{margin:8px;font:14px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;overflow-wrap:anywhere}}"
    "img{{max-width:100%;height:auto}}table{{max-width:100%}}</style></head><body>{body}</body></html>"
)


def formatted_page(message: Message, *, images: bool) -> str:
    """The page for the frame. Past a cap the text stands there instead, as plain text."""
    source = message.html
    if len(source) > HTML_MAX_CHARS or too_deep(source):
        return PAGE.format(body=f"<pre>{escape(message.text or message.quoted)}</pre>")
    return PAGE.format(body=clean(source, _own_images(message), images=images))


def clean(source: str, own: dict[str, str], *, images: bool) -> str:
    """Allowed tags and attributes only; `own` maps a Content-ID to a data: address for images that came along."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            address = value.strip()
            if address.lower().startswith("cid:"):
                return own.get(address[4:].strip("<> "))
            return address if images and address.lower().startswith(("https://", "http://")) else None
        if name == "href" and value.strip().lower().startswith(("data:", "cid:")):
            # Those schemes are let through for pictures; behind a link they would be a page of the sender's making.
            return None
        return value

    attributes = dict.fromkeys(TAGS, LOOKS) | {"a": LOOKS | {"href"}, "img": LOOKS | {"src", "alt"}}
    attributes |= {"td": LOOKS | {"colspan", "rowspan"}, "th": LOOKS | {"colspan", "rowspan"}}
    attributes |= {"font": LOOKS | {"face", "size"}}
    return nh3.clean(
        source.encode("utf-8", "replace").decode("utf-8", "replace"),
        tags=TAGS,
        attributes=attributes,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer",
    )


def too_deep(source: str) -> bool:
    """Whether tags are nested more than DEPTH_MAX deep: cleaning such a page takes minutes. One pass."""
    depth = deepest = 0
    for closing, name in TAG.findall(source):
        if name.lower() in VOID or name.lower() in ENDS_ITSELF:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest > DEPTH_MAX


def _own_images(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    room = IMAGES_MAX_BYTES
    for file in message.attachments:
        if not file.content_id or file.content_type not in SHOWN_IMAGES or file.size > room:
            continue
        try:
            data = store.get(file.sha256)
        except FileNotFoundError:
            continue
        room -= len(data)
        found[file.content_id.strip("<> ")] = f"data:{file.content_type};base64,{base64.b64encode(data).decode()}"
    return found
