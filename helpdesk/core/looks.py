"""What templates need to look right: built files by their hashed names, times and sizes in words, theme, fragments."""

import json
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

from babel import dates
from flask import Flask, Response, request
from flask_babel import format_datetime, format_time, get_locale, to_user_timezone
from markupsafe import Markup

from helpdesk.core.clock import now
from helpdesk.core.i18n import _, language

STATIC = Path(__file__).parent.parent / "static"
FOREVER_S = 365 * 24 * 3600
THEMES = ("light", "dark")
COMPANY_FORMS = {"AS", "ASA", "SA", "ANS", "DA", "ENK", "NUF", "AB", "OY", "LTD", "LLC", "INC", "GMBH", "AG", "PLC"}


@cache
def _manifest(changed_ns: int) -> dict[str, str]:
    return json.loads((STATIC / "build" / "manifest.json").read_text())


def asset(name: str) -> str:
    """The address of a built file (`npm run build`), its content's hash in its name; else of a plain static file."""
    manifest = STATIC / "build" / "manifest.json"
    built = _manifest(manifest.stat().st_mtime_ns) if manifest.exists() else {}
    return f"/static/build/{built[name]}" if name in built else f"/static/{name}"


def initials(name: str) -> str:
    """Two letters for a name: the first of its first and last word, company forms aside. "?" for nothing."""
    words = [word for word in (name or "").replace("@", " ").split() if word[0].isalnum()]
    words = [word for word in words if word.upper().rstrip(".") not in COMPANY_FORMS] or words
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[:2] for word in words]
    return "".join(letters).upper() or "?"


def age(since: datetime, until: datetime | None = None) -> str:
    """How long ago `since` (aware) was, in its largest whole unit: "now", "18 min", "3 h", "5 d"."""
    minutes = max(0, int(((until or now()) - since).total_seconds() // 60))
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return _("%(n)s min", n=minutes)
    if minutes < 24 * 60:
        return _("%(n)s h", n=minutes // 60)
    return _("%(n)s d", n=minutes // (24 * 60))


def clock_time(moment: datetime) -> str:
    """ "09:12" today, "21 Nov, 09:12" this year, with the year before that; in the reader's time zone."""
    here, today = to_user_timezone(moment), to_user_timezone(now())
    if here.date() == today.date():
        return format_time(moment, "HH:mm")
    return format_datetime(moment, "d MMM, HH:mm" if here.year == today.year else "d MMM y, HH:mm")


def exact_time(moment: datetime) -> str:
    """The full date and time, for a title."""
    here = to_user_timezone(moment)
    return f"{_day_in_words(str(get_locale()), here.date())}, {here:%H:%M:%S}"


@lru_cache(maxsize=4096)
def _day_in_words(locale: str, day: date) -> str:
    """Finding the words for a date takes a tenth of a millisecond, and a list has a hundred dates of few days."""
    return str(dates.format_date(day, "EEEE d MMMM y", locale))


def file_size(size_bytes: int) -> str:
    """Decimal units, as file managers show them: "812 B", "34 kB", "1.2 MB", "3.4 GB"."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{round(size_bytes / 1000)} kB"
    if size_bytes < 1_000_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    return f"{size_bytes / 1_000_000_000:.1f} GB"


def theme_attributes() -> Markup:
    """What the reader chose, from cookies, as attributes of <html>. Without a choice the system's colours hold."""
    chosen = request.cookies.get("theme")
    theme = Markup(' data-bs-theme="{}"').format(chosen) if chosen in THEMES else Markup("")
    return theme + (Markup(' data-keys="off"') if request.cookies.get("keys") == "off" else Markup(""))


def wants_fragment(target: str = "") -> bool:
    """True if htmx asks for part of a page (for the element `target`, as "main#case"), not for all of it.

    Going back in the browser's history asks for whole pages.
    """
    headers = request.headers
    if headers.get("HX-Request") != "true" or headers.get("HX-History-Restore-Request") == "true":
        return False
    return headers.get("HX-Request-Type") == "partial" and target in ("", headers.get("HX-Target"))


def _caching(response: Response) -> Response:
    if request.endpoint == "static" and request.path.startswith("/static/build/"):
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = FOREVER_S
        response.cache_control.immutable = True
    elif response.mimetype == "text/html":
        # One address, two answers: caches must keep the page and its fragment apart.
        response.vary.update(["HX-Request", "HX-Target"])
    return response


def install(app: Flask) -> None:
    """Give every template these words, and built files their far-future caching."""
    for filter_ in (initials, age, clock_time, exact_time, file_size):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.globals.update(
        asset=asset, theme_attributes=theme_attributes, wants_fragment=wants_fragment, language=language
    )
    app.after_request(_caching)
