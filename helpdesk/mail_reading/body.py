"""The body: which text is the letter, and what in it is new."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.mail_reading.caps import MAX_SPLIT_LINES, MAX_TEXT_CHARS
from helpdesk.mail_reading.forwards import find_forward
from helpdesk.mail_reading.html_text import html_to_lines
from helpdesk.mail_reading.mail import Forwarded
from helpdesk.mail_reading.quotes import Splitter

_MARKS = ("quote", "divrplyfwdmsg", "appendonsend", "moz-cite", "border-top:solid", "stopspelling", "reply-intro")
_SHARED_LINE = re.compile(r"^([^\n]{0,500}[^\n\s-])(-{2,4} On [^\n]{5,200} wrote:)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Body:
    """A letter's text, the new part of it and the folded rest: together all its lines, each in order."""

    text: str
    reply_text: str
    quoted_text: str
    forwarded: Forwarded | None


def read_body(source: str, kind: str = "text", *, subject: str | None = None) -> Body:
    """Read a bare body. kind: text or html. Past the cap on characters the rest is shown unread."""
    hints: list[bool] | None = None
    if kind == "html":
        lines, hints = html_to_lines(source)
    else:
        lines = plain_lines(source)
    return split_lines(lines, hints, subject)


def plain_lines(text: str) -> list[str]:
    """The lines of a plain body, whatever ends them; other separators of Unicode do not count."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "--- On " in text:
        # Yahoo's old web mail put its attribution behind the writer's last words.
        text = _SHARED_LINE.sub(r"\1\n\2", text)
    return text.split("\n")


def marks_history(html: str) -> bool:
    """A cheap look at whether the markup may say what is quoted."""
    lower = html[:MAX_TEXT_CHARS].lower()
    return any(mark in lower for mark in _MARKS)


def hints_for(lines: list[str], html: str) -> list[bool]:
    """Which last lines of a plain body the HTML beside it marks as history."""
    html_lines, marked = html_to_lines(html)
    history = {_bare(line) for line, hint in zip(html_lines, marked, strict=True) if hint and _bare(line)}
    hints = [False] * len(lines)
    for index in range(len(lines) - 1, -1, -1):
        bare = _bare(lines[index])
        if bare and bare not in history:
            break
        hints[index] = True
    return (
        hints if any(hint and line.strip() for hint, line in zip(hints, lines, strict=True)) else [False] * len(lines)
    )


def _bare(line: str) -> str:
    return "".join(line.split()).strip(">*_")


def split_lines(lines: list[str], hints: list[bool] | None, subject: str | None) -> Body:
    """Split lines into new and history, and look for a forwarded mail in them."""
    text = "\n".join(lines)
    looked_at = _within_cap(lines)
    splitter = Splitter(lines[:looked_at], hints[:looked_at] if hints else None)
    folded = splitter.split()
    # Below what is looked at, history goes on being history.
    folded += [bool(folded and folded[-1]) and splitter.history] * (len(lines) - looked_at)
    forwarded = find_forward(lines[:looked_at], subject)
    shown = [line for line, away in zip(lines, folded, strict=True) if not away]
    away = [line for line, fold in zip(lines, folded, strict=True) if fold]
    return Body(text, _trimmed(shown), _trimmed(away), forwarded)


def _within_cap(lines: list[str]) -> int:
    total = 0
    for index, line in enumerate(lines[:MAX_SPLIT_LINES]):
        total += len(line) + 1
        if total > MAX_TEXT_CHARS:
            return index
    return min(len(lines), MAX_SPLIT_LINES)


def _trimmed(lines: list[str]) -> str:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end])
