"""HTML to the text that a person would have typed, with what is quoted marked line by line."""

from __future__ import annotations

import re

from helpdesk.mail_reading.caps import MAX_HTML_CHARS
from helpdesk.mail_reading.html_quotes import QuoteMarks
from helpdesk.mail_reading.html_scan import tokens

_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote"}
_BLOCKS = _PARAGRAPHS | {
    *("div", "table", "tr", "li", "dt", "dd", "address", "article", "section", "header", "footer", "center", "form"),
    *("fieldset", "figure", "main", "nav", "aside", "body", "html", "tbody", "thead", "caption"),
}
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


class _Lines:
    """Lines being put together; white space is folded as a browser folds it."""

    def __init__(self, marks: QuoteMarks) -> None:
        self.marks = marks
        self.lines: list[str] = []
        self.hints: list[bool] = []
        self.now: list[str] = []
        self.space = False
        self.depth = 0
        self.hint = False

    def text(self, text: str, pre: bool) -> None:
        if pre:
            first, *more = text.replace("\r\n", "\n").split("\n")
            self._put(first)
            for line in more:
                self.end_line()
                self._put(line)
            return
        folded = _SPACES.sub(" ", text)
        if folded[:1] == " ":
            self.space, folded = True, folded[1:]
        if not folded:
            return
        trailing = folded[-1] == " "
        self._put(folded[:-1] if trailing else folded)
        self.space = trailing

    def _put(self, text: str) -> None:
        if not text:
            return
        if not self.now:
            self.depth, self.hint = self.marks.depth, self.marks.quoted
        elif self.space:
            self.now.append(" ")
        self.space = False
        self.now.append(text)

    def end_line(self) -> None:
        """End the line, empty or not."""
        line = "".join(self.now).replace("\xa0", " ").rstrip()
        if not self.now:
            self.depth, self.hint = self.marks.depth, self.marks.quoted
        prefix = ">" * self.depth + " " if self.depth else ""
        self.lines.append((prefix + line).rstrip())
        self.hints.append(self.hint)
        self.now, self.space = [], False

    def block(self) -> None:
        """A block begins or ends here: what stands on the line is ended."""
        if self.now:
            self.end_line()

    def paragraph(self) -> None:
        self.block()
        if self.lines and self.lines[-1].strip("> "):
            self.end_line()


def html_to_lines(source: str) -> tuple[list[str], list[bool]]:
    """The lines of an HTML body, quoted ones begun with `>`, and for each whether the markup calls it history."""
    marks = QuoteMarks()
    out = _Lines(marks)
    pre, tight = 0, False
    for kind, value, attributes in tokens(source[:MAX_HTML_CHARS]):
        if kind == "text":
            out.text(value, pre > 0)
            continue
        if value == "br":
            if kind == "open":
                out.end_line()
            continue
        if value in _BLOCKS:
            if value == "p" and kind == "open":
                # Word gives its paragraphs no space between them.
                tight = "msonormal" in attributes.lower()
            out.paragraph() if value in _PARAGRAPHS and not (tight and value == "p") else out.block()
        if kind == "open":
            marks.opened(value, attributes)
            if value == "li":
                out.text("- ", False)
            elif value == "hr":
                _rule(out)
        else:
            marks.closed(value)
        if value == "pre":
            pre = max(0, pre + (1 if kind == "open" else -1))
        elif value in ("td", "th") and kind == "open" and out.now:
            out.text(" ", False)
    out.block()
    return _squeezed(out.lines, out.hints)


def _rule(out: _Lines) -> None:
    out.block()
    out.text("________________________________", False)
    out.end_line()


def _squeezed(lines: list[str], hints: list[bool]) -> tuple[list[str], list[bool]]:
    """No blank lines at the ends, no more than two together."""
    kept: list[str] = []
    kept_hints: list[bool] = []
    blanks = 2
    for line, hint in zip(lines, hints, strict=True):
        blanks = 0 if line.strip("> ") else blanks + 1
        if blanks <= 2 and not (blanks and not kept):
            kept.append(line)
            kept_hints.append(hint)
    while kept and not kept[-1].strip("> "):
        kept.pop()
        kept_hints.pop()
    return kept, kept_hints


def html_to_text(source: str) -> str:
    """The text of an HTML body."""
    return "\n".join(html_to_lines(source)[0])
