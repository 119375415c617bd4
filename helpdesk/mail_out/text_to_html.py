"""The HTML form of a plain text: the same words, with links to click on and quotes set off."""

from html import escape
from itertools import groupby

import re2

LINK = re2.compile(r"https?://[^\s<>\"]+")
TRAILING = ".,;:!?'"
PAGE = (
    '<!doctype html>\n<html>\n<head><meta charset="utf-8"></head>\n'
    '<body style="font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1f2328">\n'
    "{}\n</body>\n</html>\n"
)
QUOTE = (
    '<blockquote style="margin:0 0 1em;padding-left:12px;border-left:2px solid #d0d7de;color:#59636e">\n'
    "{}\n</blockquote>"
)


def text_to_html(text: str) -> str:
    """A whole HTML page with the words of `text` (line ends \\n): escaped, paragraphs kept, lines that begin with ">"
    as quotations, http(s) addresses as links."""
    pieces = []
    for quoted, lines in groupby(text.strip("\n").split("\n"), lambda line: line.startswith(">")):
        if quoted:
            pieces.append(QUOTE.format(_paragraphs([line[1:].removeprefix(" ") for line in lines])))
        else:
            pieces.append(_paragraphs(list(lines)))
    return PAGE.format("\n".join(piece for piece in pieces if piece))


def _paragraphs(lines: list[str]) -> str:
    groups = groupby(lines, lambda line: bool(line.strip()))
    return "\n".join("<p>" + "<br>\n".join(map(_line, group)) + "</p>" for filled, group in groups if filled)


def _line(line: str) -> str:
    """One line, its links clickable and its indent kept."""
    bare = line.lstrip(" \t")
    indent = "&nbsp;" * len(line[: len(line) - len(bare)].expandtabs(4))
    done, at = [indent], 0
    for found in LINK.finditer(bare):
        address = _without_trailing(found.group())
        done.append(escape(bare[at : found.start()]))
        done.append(f'<a href="{escape(address)}">{escape(address)}</a>')
        at = found.start() + len(address)
    return "".join([*done, escape(bare[at:])])


def _without_trailing(address: str) -> str:
    """A full stop, or a bracket that was opened before the link, ends the sentence and not the address."""
    while address and (address[-1] in TRAILING or _closes_more(address, "()") or _closes_more(address, "[]")):
        address = address[:-1]
    return address


def _closes_more(address: str, pair: str) -> bool:
    return address.endswith(pair[1]) and address.count(pair[1]) > address.count(pair[0])
