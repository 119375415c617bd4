"""Every setting there is, and the only place that reads the environment.

Units stand in the names: _S seconds, _MAX_BYTES, _DAYS. docs/settings.md lists them all; a test compares.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import limits
from cryptography.fernet import Fernet

from helpdesk.embedded.running import running_services

ROOT = Path(__file__).parent


class MissingSetting(SystemExit):
    """A setting without which nothing can start. The message says what to set."""


def _flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("use 1 or 0")


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"use {' or '.join(allowed)}")
        return text

    return read


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _networks(text: str) -> list[str]:
    return [str(ipaddress.ip_network(part)) for part in _list(text)]


def _limit(text: str) -> str:
    limits.parse(text)
    return text


def _fernet_keys(text: str) -> list[str]:
    keys = _list(text)
    for key in keys:
        Fernet(key)
    return keys


def _path(text: str) -> Path:
    return Path(text) if Path(text).is_absolute() else ROOT / text


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the environment, how to read it, its default (None: none), what it is for."""

    name: str
    default: str | None
    about: str
    read: Callable[[str], Any] = str
    needed: bool = False


SETTINGS = [
    Setting(
        "DATABASE_URL", None, "PostgreSQL 15 or later, as postgresql+psycopg://user:password@host/name", needed=True
    ),
    Setting("REDIS_URL", None, "Redis 7 or Valkey 8 or later: broker, live events, rate limits", needed=True),
    Setting("BLOB_URL", "var/blobs", "Attachments and raw mail: a folder, or s3://bucket/prefix?endpoint=https://host"),
    Setting("BLOB_ACCESS_KEY", "", "Access key for an s3:// BLOB_URL; empty: the machine's own role"),
    Setting("BLOB_SECRET_KEY", "", "Secret key for an s3:// BLOB_URL"),
    Setting("SECRET_KEY", None, "At least 32 random characters; signs cookies and reply tokens", needed=True),
    Setting(
        "SECRETS_KEYS",
        None,
        "Fernet keys, newest first, separated by commas; encrypt mailbox passwords",
        _fernet_keys,
        True,
    ),
    Setting("VAR_DIR", "var", "Where the embedded services of `make run` keep their data", _path),
    Setting(
        "BASE_URL", "http://localhost:8000", "The address of the web pages, as people type it; links in mail use it"
    ),
    Setting(
        "MAIL_DOMAIN",
        "localhost.localdomain",
        "The domain of a new installation's queue support@, and of our Message-IDs",
    ),
    Setting("COMPANY_NAME", "Helpdesk", "The name shown to customers on forms and in mail"),
    Setting("DEFAULT_LANGUAGE", "en", "en or nb: for customers and agents who have not chosen"),
    Setting("TIMEZONE", "Europe/Oslo", "Times are shown in this zone; they are kept in UTC"),
    Setting("WEB_PORT", "8000", "Port of the web pages", int),
    Setting("WEB_THREADS", "300", "Threads of a web process; live streams hold at most 80 % of them, one each", int),
    Setting("WEB_WORKERS", "1", "Web processes", int),
    Setting("WORKER_PROCESSES", "1", "Celery worker processes", int),
    Setting("DOOR_HOST", "127.0.0.1", "Address that the mail door listens on"),
    Setting("SMTP_DOOR_PORT", "2525", "Port of the SMTP door; 0 switches it off", int),
    Setting("LMTP_DOOR_PORT", "2424", "Port of the LMTP door; 0 switches it off", int),
    Setting("DOOR_TLS_CERT", "", "Certificate (PEM, with its chain) with which both doors offer STARTTLS; empty: none"),
    Setting("DOOR_TLS_KEY", "", "The certificate's key; empty: it is in the same file"),
    Setting(
        "SMTP_URL", "", "Outgoing mail: smtp://user:password@host:587 (STARTTLS), smtps://…:465, or a folder file:///…"
    ),
    Setting("SMTP_TIMEOUT_S", "30", "How long to wait for the outgoing mail server, at each step", int),
    Setting("SMTP_LAST_TIMEOUT_S", "300", "How long it may take to say yes to a whole mail, virus scan and all", int),
    Setting(
        "SMTP_STARTTLS", "1", "Use STARTTLS whenever the outgoing server offers it; 2 refuses to send without it", int
    ),
    Setting("SEND_GIVE_UP_DAYS", "5", "How long an answer that meets time-outs or 4xx is tried again", int),
    Setting("MAIL_MAX_BYTES", str(50 * 1024 * 1024), "Largest mail taken in", int),
    Setting("ATTACHMENTS_MAX_BYTES", str(25 * 1024 * 1024), "Largest sum of files in an answer or a form", int),
    Setting("ATTACHMENTS_MAX", "20", "Most files in an answer or a form", int),
    Setting(
        "FREE_DISK_MIN_BYTES", str(200 * 1024 * 1024), "Intake is refused (451) when the disk has less than this", int
    ),
    Setting(
        "FREE_DISK_WARN_BYTES", str(1024 * 1024 * 1024), "Admins are told when a disk has less than this left", int
    ),
    Setting("AUTHSERV_ID", "", "Name of your mail server in Authentication-Results; only its verdicts are believed"),
    Setting("IMAP_TIMEOUT_S", "30", "How long to wait for a mailbox's server", int),
    Setting("IMAP_POLL_S", "60", "How often each mailbox is looked at", int),
    Setting(
        "IMAP_ALLOW_PRIVATE", "1", "Whether mailboxes may be on servers in a private network (10.…, 192.168.…)", _flag
    ),
    Setting("SWEEP_S", "30", "How often the sweeper looks for rows that nobody woke", int),
    Setting(
        "LEASE_S",
        "50",
        "How long the work of a worker that was killed waits; longer than a mail takes to read (30 s)",
        int,
    ),
    Setting(
        "WATCH_AFTER_S",
        "180",
        "How long mail may wait, or a worker or a mailbox be silent, before admins are told on every page",
        int,
    ),
    Setting("WATCH_LOOK_S", "15", "How often a web process looks whether admins must be told something", int),
    Setting("WATCH_TOKEN", "", "Who sends this as Authorization: Bearer … gets /metrics and the details of /ready"),
    Setting(
        "WATCH_NETWORKS",
        "",
        "Networks that get them without the token, such as 10.1.0.0/16; with neither, nobody does",
        _networks,
    ),
    Setting("SESSION_IDLE_DAYS", "7", "A sign-in ends after this long unused", int),
    Setting("SESSION_MAX_DAYS", "30", "A sign-in ends after this long in any case", int),
    Setting(
        "LINK_MINUTES",
        "15",
        "How long a forgotten password's link works (a first set-up link and an invitation: a day)",
        int,
    ),
    Setting("SIGN_IN_LIMIT", "10 per 10 minutes", "Failed sign-ins for an account", _limit),
    Setting(
        "SIGN_IN_NETWORK_LIMIT", "50 per 10 minutes", "Failed sign-ins from a network, whoever they are for", _limit
    ),
    Setting("FORM_LIMIT", "5 per 10 minutes", "Inquiries by web form under one e-mail address", _limit),
    Setting("FORM_NETWORK_LIMIT", "30 per 10 minutes", "Inquiries by web form from one network address", _limit),
    Setting("FORM_MIN_S", "3", "A form sent faster than this was filled in by a program", int),
    Setting("CONFIRMATION_EVERY_S", "3600", "At most one confirmation to an address in this time", int),
    Setting("FORM_ANCESTORS", "", "Sites that may embed the contact form, such as https://www.example.com", _list),
    Setting("TRUSTED_PROXIES", "0", "How many reverse proxies stand in front of the web process", int),
    Setting("TRUSTED_HOSTS", "", "Host names that the web process answers to; empty: any", _list),
    Setting(
        "KILL_AT",
        "",
        "For tests of faults alone: a place in the code where the process kills itself; tests/chaos asks for them",
    ),
    Setting("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR", _one_of("DEBUG", "INFO", "WARNING", "ERROR")),
    Setting("LOG_FORMAT", "text", "text: lines to read; json: one JSON object a line", _one_of("text", "json")),
]


def load(environ: Mapping[str, str] | None = None, services: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All settings, read from `environ`, then from a running `make run` in this folder, then from their defaults.

    Raises MissingSetting (an exit with a sentence) for a missing or unreadable one.
    """
    environ = os.environ if environ is None else environ
    if services is None:
        services = running_services(_path(environ.get("VAR_DIR", "var"))) or {}
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = environ.get(setting.name) or services.get(setting.name) or setting.default
        if text is None:
            raise MissingSetting(
                f"{setting.name} is not set. It is: {setting.about}.\n"
                "Set it in the environment, or start everything on embedded defaults with `make run`."
            )
        try:
            values[setting.name] = setting.read(text)
        except ValueError as error:
            # What is needed is secret, and belongs in no log.
            said = "" if setting.needed else f"={text!r}"
            raise MissingSetting(f"{setting.name}{said} cannot be read: {error}. It is: {setting.about}.")
    if len(values["SECRET_KEY"]) < 32:
        raise MissingSetting("SECRET_KEY is too short: use at least 32 random characters.")
    return values


def for_flask(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` and what Flask and its extensions want to know, derived from them."""
    https = settings["BASE_URL"].startswith("https://")
    return {
        **settings,
        "SQLALCHEMY_DATABASE_URI": settings["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": 10,
            "max_overflow": 30,
            "pool_timeout": 10,
            # Parameters are people's words, and errors end in the log.
            "hide_parameters": True,
        },
        "SESSION_COOKIE_NAME": "__Host-helpdesk" if https else "helpdesk",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        # A refresh in the background must not overwrite the cookie that a click beside it has just set.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings["SESSION_MAX_DAYS"] * 24 * 3600,
        "MAX_CONTENT_LENGTH": settings["ATTACHMENTS_MAX_BYTES"] + 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "MAX_FORM_PARTS": 200,
        "TRUSTED_HOSTS": settings["TRUSTED_HOSTS"] or None,
        "WTF_CSRF_TIME_LIMIT": None,
        # Our pages send no Referer (Referrer-Policy), so Flask-WTF cannot ask for one; the token decides.
        "WTF_CSRF_SSL_STRICT": False,
        "RATELIMIT_ENABLED": True,
        "BOOTSTRAP_SERVE_LOCAL": True,
    }


def as_markdown() -> str:
    """docs/settings.md: every setting with its default and what it is for."""
    rows = [
        f"| `{setting.name}` | {_default_in_words(setting)} | {setting.about.replace('|', chr(92) + '|')} |"
        for setting in SETTINGS
    ]
    return "\n".join(
        ["# Settings", "", INTRODUCTION, "", "| setting | default | what it is |", "|---|---|---|", *rows, ""]
    )


INTRODUCTION = """\
Every setting is an environment variable, and this is all of them. `_S` is seconds, `_BYTES` bytes, `_DAYS` days,
`_MINUTES` minutes. Flags are 1 or 0, lists are separated by commas. `make run` and `make demo` start PostgreSQL, Valkey
and the rest on defaults of their own under `var/` and fill in what is needed here; anywhere else, a setting that is
needed and missing refuses to start and says what to set.

This page is written by `python config.py > docs/settings.md`."""


def _default_in_words(setting: Setting) -> str:
    if setting.needed:
        return "needed"
    return f"`{setting.default}`" if setting.default else "none"


if __name__ == "__main__":
    print(as_markdown(), end="")
