"""Log lines: readable, or JSON where LOG_FORMAT says so, with what is bound to the work at hand and without secrets.

`trace` is the one id from a mail to its case to its answer: made when a mail comes in, kept in its ledger row, in the
case's events and in the outbox, and bound by whoever works on one of them. What began in a browser has the request's.
"""

import json
import logging
import secrets
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import re2
from flask import Flask

OURS = ("helpdesk", "workers")
LINE_MAX = 4000
SECRET_SETTINGS = ("SECRET_KEY", "SECRETS_KEYS", "BLOB_SECRET_KEY", "WATCH_TOKEN")
SETTINGS_WITH_PASSWORDS = ("DATABASE_URL", "REDIS_URL", "SMTP_URL")

_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default=MappingProxyType({}))

RULES = [
    # PostgreSQL repeats the row it refused, and SQLAlchemy what was sent.
    (re2.compile(r"(?:DETAIL|CONTEXT): .*|\[parameters: .*"), "[hidden]"),
    (re2.compile(r"(?i)\bbearer\s+\S+"), "Bearer [hidden]"),
    (re2.compile(r"://[^\s/@]*@"), "://[hidden]@"),
    (
        re2.compile(r"(?i)\b(password|passord|passwd|secret|authorization|cookie)(['\"]?\s*[=:]\s*)[^\s,;]+"),
        r"\1\2[hidden]",
    ),
    (re2.compile(r"/(join|setup)/[\w-]{20,}"), r"/\1/[hidden]"),
    # A reply token, in an address or a Message-ID of ours.
    (re2.compile(r"\b(c[0-9]{1,15}\.(?:[0-9a-z]{13}\.)?)[a-z2-7]{32}@"), r"\1[hidden]@"),
    # A national identity number: six digits and five.
    (re2.compile(r"\b[0-9]{6} ?[0-9]{5}\b"), "[11 digits]"),
]
SUSPECT = re2.compile(
    r"(?i)DETAIL:|CONTEXT:|parameters:|://|passw|passord|secret|authoriz|cookie|bearer|/join/|/setup/|@|[0-9]{5}"
)
"""What any of the rules begins with: most lines have none of it."""
QUOTED = re2.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
QUOTED_MAX = 24
"""Longer quotations in an error's own words are what it choked on: somebody's mail, most likely."""


def install(app: Flask) -> None:
    """Log to standard error as LOG_LEVEL and LOG_FORMAT say. Commands that a person typed only tell what is wrong."""
    handler = _Stderr()
    lines = JsonLines if app.config["LOG_FORMAT"] == "json" else Readable
    handler.setFormatter(lines(_secrets(app.config)))
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Stderr)] + [handler]
    # What libraries say below that is not for us: some repeat whole conversations.
    root.setLevel(logging.WARNING)
    for other in logging.getLogger("gunicorn.error").handlers:
        other.setFormatter(handler.formatter)
    for name in OURS:
        logging.getLogger(name).setLevel(app.config["LOG_LEVEL"])


def speak() -> None:
    """Tell everything in a command too: the mail door and the worker are commands that run for months."""
    _Stderr.speaks = True


def new_trace() -> str:
    """A fresh id: 48 random bits as 12 characters."""
    return secrets.token_hex(6)


def begin_trace() -> str:
    """A fresh id, bound to all that follows in this piece of work."""
    fresh = new_trace()
    bind(trace=fresh)
    return fresh


def trace() -> str:
    """The id of what is being worked on; the request's when no mail is behind it, and empty for neither."""
    about = _bound.get()
    return str(about.get("trace") or about.get("request") or "")


def bind(**about: Any) -> None:
    """Let every further line of this piece of work carry `about`."""
    _bound.set({**_bound.get(), **about})


def begin(**about: Any) -> None:
    """A new piece of work: forget what was bound, and bind `about`."""
    _bound.set(about)


@contextmanager
def work(**about: Any) -> Iterator[None]:
    """A piece of work inside another: afterwards what was bound before is bound again."""
    before = _bound.set({**_bound.get(), **about})
    try:
        yield
    finally:
        _bound.reset(before)


class _Stderr(logging.StreamHandler):
    """Standard error as it is at the moment of writing: tests and supervisors exchange it."""

    speaks = False

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    def filter(self, record: logging.LogRecord) -> Any:
        in_a_command = click.get_current_context(silent=True) is not None
        if in_a_command and not self.speaks and record.levelno < logging.WARNING:
            return False
        return super().filter(record)

    @property
    def stream(self) -> Any:
        return sys.stderr


class Readable(logging.Formatter):
    """`WARNING helpdesk.live: What happened  trace=1f… mail=7`."""

    def __init__(self, hidden: list[str]):
        super().__init__()
        self.hidden = hidden

    def format(self, record: logging.LogRecord) -> str:
        about = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        error = self._error(record)
        return self.redacted(line + (f"  {about}" if about else "")) + (f"\n{error}" if error else "")

    def redacted(self, text: str) -> str:
        """`text` without secrets, reply tokens and national identity numbers, and not longer than LINE_MAX."""
        text = text[:LINE_MAX]
        if not text.isascii():
            # Half of a pair, as broken mail has it, is no text that could be written.
            text = text.encode("utf-8", "backslashreplace").decode()
        for hidden in self.hidden:
            text = text.replace(hidden, "[hidden]")
        if SUSPECT.search(text):
            for pattern, instead in RULES:
                text = pattern.sub(instead, text)
        return text

    def _error(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return ""
        lines = "".join(traceback.TracebackException.from_exception(record.exc_info[1]).format()).splitlines()
        # Lines of code are indented; the others are the errors' own words.
        told = [line if line.startswith("  ") else QUOTED.sub(_short, line) for line in lines]
        return "\n".join(self.redacted(line) for line in told)


class JsonLines(Readable):
    """One JSON object a line: at, level, logger, message, what is bound, and error."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.redacted(record.getMessage()),
        }
        said |= {name: self.redacted(str(value)) for name, value in facts_of(record).items()}
        if error := self._error(record):
            said["error"] = error
        return json.dumps(said, ensure_ascii=False)


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was bound when the line was written, and its own `extra={"about": {…}}`; nothing empty."""
    facts = {**_bound.get(), **getattr(record, "about", {})}
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _short(quoted: Any) -> str:
    return quoted[0] if len(quoted[0]) <= QUOTED_MAX else "'[hidden]'"


def _secrets(settings: Mapping[str, Any]) -> list[str]:
    """The secrets among the settings, word for word."""
    found: list[str] = []
    for name in SECRET_SETTINGS:
        value = settings.get(name) or []
        found += [value] if isinstance(value, str) else value
    for name in SETTINGS_WITH_PASSWORDS:
        kept = urlsplit(settings.get(name) or "").password or ""
        found += [kept, unquote(kept)]
    return sorted({one for one in found if len(one) >= 6}, key=len, reverse=True)
