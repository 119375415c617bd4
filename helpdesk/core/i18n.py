"""The words of the screen in the reader's language: English in the code, Norwegian bokmål in each room's nb.po."""

from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from babel.support import LazyProxy
from flask import Flask
from flask_babel import Babel, get_locale

LANGUAGES = ("en", "nb")
ROOMS = Path(__file__).parent.parent


@cache
def catalogue(language: str) -> dict[Any, Any]:
    """Message id → translation for a language, from every room's own file. Plurals map to a tuple."""
    words: dict[Any, Any] = {}
    for path in sorted(ROOMS.rglob(f"{language}.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if not message.id or message.fuzzy:
                    continue
                one = message.id[0] if isinstance(message.id, tuple) else message.id
                words[one] = message.string
    return words


class RoomWords(NullTranslations):
    """gettext over the rooms' catalogues; an unknown string stays English."""

    def __init__(self, language: str):
        super().__init__()
        self.words = catalogue(language)

    def gettext(self, message: str) -> str:
        found = self.words.get(message)
        return (found[0] if isinstance(found, tuple) else found) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        found = self.words.get(msgid1)
        if isinstance(found, tuple) and all(found):
            return found[0] if n == 1 else found[-1]
        return msgid1 if n == 1 else msgid2


@cache
def _translations(language: str) -> RoomWords:
    return RoomWords(language)


def language() -> str:
    """The language of whoever is asking; English outside a request."""
    locale = get_locale()
    return str(locale.language) if locale else "en"


def _(message: str, **values: Any) -> str:
    """`message` in the reader's language, with %(name)s filled in from `values`."""
    text = _translations(language()).gettext(message)
    return text % values if values else text


def _n(one: str, many: str, n: int, **values: Any) -> str:
    """The form for `n` things, in the reader's language; %(n)s is filled in."""
    return _translations(language()).ngettext(one, many, n) % {"n": n, **values}


def lazy(message: str, **values: Any) -> Any:
    """Like _(), but looked up when it is shown: for sentences written at import time."""
    return LazyProxy(_, message, enable_cache=False, **values)


def install(app: Flask, choose_language: Any) -> None:
    """Give templates `_` and `ngettext`, and let `choose_language()` decide the language of a request."""
    Babel(app, locale_selector=choose_language, default_timezone=app.config["TIMEZONE"])
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Not new-style gettext: our own functions fill in the values, so that templates and code behave alike.
    app.jinja_env.globals.update(_=_, gettext=_, ngettext=_n, _n=_n)
