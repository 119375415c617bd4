"""Asking the application as a process of its own would be asked, and looking at what it answers."""

import contextvars
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from helpdesk.core.db import db
from tests.fuzz.pace import tried
from tests.fuzz.values import MARK_ATTRIBUTE, MARK_TAG

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
WRITES = re.compile(
    r"(?is)^\s*(insert|update|delete|truncate|copy)\b|^\s*with\b.*\b(insert into|update \w+ set|delete from)\b"
)
WRITTEN_BY_LOOKING = re.compile(r"(?i)^\s*update sign_ins set last_seen_at")


def ask(client: FlaskClient, method: str, path: str, target: str, **how: Any) -> TestResponse:
    """One request with a context and a database session of its own; fails on 500 and on an answer that does harm."""
    answer = contextvars.Context().run(lambda: client.open(path, method=method, **how))
    told = f"{method} {path[:300]!r} {how!r:.600}"
    tried(target, answer.status_code)
    assert answer.status_code < 500, f"{answer.status_code}: {told}"
    location = answer.headers.get("Location", "/")
    assert re.match(r"(http://localhost)?/(?![/\\])", location), f"{told} leads to {location!r}"
    if answer.mimetype == "text/event-stream":
        answer.close()
    elif answer.mimetype == "text/html" and answer.status_code // 100 != 3:
        look_at_html(answer.get_data(as_text=True), told)
    else:
        answer.get_data()
    return answer


class Page(HTMLParser):
    """A page's open tags, what is wrong with them, its forms and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.links: list[str] = []
        self._of_textarea: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if len(found) != len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if tag == MARK_TAG or MARK_ATTRIBUTE in found:
            self.wrong.append("what was typed stands unquoted")
        if any(name.startswith("on") or name == "style" for name in found):
            self.wrong.append(f"<{tag}> carries a script or a style")
        for name in ("href", "src", "action"):
            if found.get(name, "").strip().lower().startswith("javascript:"):
                self.wrong.append(f"{name} is a script")
        if tag not in VOID:
            self.open.append(tag)
        self._collect(tag, found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._of_textarea and tag == "textarea" and self.forms:
            self.forms[-1][2].append((self._of_textarea[0], "".join(self._of_textarea[1])))
            self._of_textarea = None
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")

    def handle_data(self, data: str) -> None:
        if self._of_textarea:
            self._of_textarea[1].append(data)
        if self.open[-1:] == ["script"] and MARK_ATTRIBUTE in data:
            self.wrong.append("what was typed is a script")

    def _collect(self, tag: str, found: dict[str, str]) -> None:
        if tag == "form":
            self.forms.append((found.get("method", "get").upper(), found.get("action", ""), []))
        elif tag == "textarea":
            self._of_textarea = (found.get("name", ""), [])
        elif tag in ("input", "button", "select") and found.get("name") and self.forms:
            self.forms[-1][2].append((found["name"], found.get("value", "")))
        elif tag == "option" and "selected" in found and self.forms and self.forms[-1][2]:
            self.forms[-1][2][-1] = (self.forms[-1][2][-1][0], found.get("value", ""))
        if "hx-post" in found:
            self.forms.append(("POST", found["hx-post"], []))
        self.links += [found[name] for name in ("href", "hx-get") if name in found]


def read_html(text: str) -> Page:
    """The page, or the piece of one."""
    page = Page()
    page.feed(text)
    page.close()
    if page.open:
        page.wrong.append(f"{page.open} stay open")
    return page


def look_at_html(text: str, told: str) -> None:
    """Every tag is closed in its turn, and nothing that was typed has become part of the page."""
    page = read_html(text)
    assert page.wrong == [], f"{told}: {page.wrong[:5]}"


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that change rows, while this lasts."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if WRITES.search(statement) and not WRITTEN_BY_LOOKING.search(statement):
            seen.append(statement[:200])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
