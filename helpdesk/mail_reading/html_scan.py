"""HTML as a stream of tags and text, in linear time and without a tree, however broken it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_ATTRIBUTE = re.compile(r"""([a-zA-Z_:][-a-zA-Z0-9_:.]{0,80})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_RAW = ("script", "style", "title", "template", "noembed", "xml")
_MAX_QUOTE_STEPS = 8

Token = tuple[str, str, str]


def tokens(source: str) -> Iterator[Token]:
    """("text", decoded, ""), ("open", name, attributes as written), ("close", name, ""), in order.

    Comments, declarations and the content of script, style and title are left out.
    """
    position, length, closed = 0, len(source), True
    while position < length:
        at = source.find("<", position)
        if at < 0:
            at = length
        if at > position:
            yield "text", html.unescape(source[position:at]), ""
        if at >= length:
            return
        if source.startswith("<!", at) or source.startswith("<?", at):
            position = _after_declaration(source, at, closed)
            closed = closed and position != at + 4
            continue
        match = _TAG_NAME.match(source, at + 1)
        end = _tag_end(source, at + 1) if match else -1
        if match is None or end < 0:
            yield "text", "<", ""
            position = at + 1
            if match is not None and end < 0:
                yield "text", html.unescape(source[position:]), ""
                return
            continue
        name = match[1].lower()
        position = end + 1
        if source[at + 1] == "/":
            yield "close", name, ""
            continue
        yield "open", name, source[match.end() : end]
        if name in _RAW and source[end - 1] != "/":
            position = _after_raw(source, name, position)
            yield "close", name, ""


def attributes(written: str) -> dict[str, str]:
    """The attributes of a tag as the scanner gave them, names in small letters."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written[:4000]):
        value = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4]
        found.setdefault(match[1].lower(), html.unescape(value or ""))
    return found


def _after_declaration(source: str, at: int, closed: bool) -> int:
    if source.startswith("<!--", at):
        if source.startswith(("<!-->", "<!--->"), at):
            return source.index(">", at) + 1
        end = source.find("-->", at + 4) if closed else -1
        # A comment that never ends: only its mark is dropped, so that no text is lost.
        return at + 4 if end < 0 else end + 3
    end = source.find(">", at, at + 2000)
    return at + 2 if end < 0 else end + 1


def _tag_end(source: str, position: int) -> int:
    """The > that ends a tag, passing over those in quoted attribute values; -1 if there is none."""
    end = source.find(">", position)
    for _ in range(_MAX_QUOTE_STEPS):
        if end < 0:
            return -1
        inside = source[position:end]
        if inside.count('"') % 2 == 0 or "=" not in inside:
            return end
        following = source.find(">", end + 1, end + 4000)
        if following < 0:
            return end
        end = following
    return end


def _after_raw(source: str, name: str, position: int) -> int:
    match = re.compile(f"</{name}", re.IGNORECASE).search(source, position)
    if match is None:
        return len(source)
    end = source.find(">", match.end())
    return len(source) if end < 0 else end + 1
