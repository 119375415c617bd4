"""The room's things in words, for templates."""

import re

from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l

ROLE_NAMES = {"admin": _l("admin"), "agent": _l("agent"), "reader": _l("reader")}
# The first that fits: each browser also claims to be those below it.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def role_name(role: str) -> str:
    """A role in the reader's language."""
    return str(ROLE_NAMES[role])


def browser_name(user_agent: str) -> str:
    """A browser as its owner knows it: "Firefox, Windows". What it calls itself, when we know neither."""
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (BROWSERS, SYSTEMS)]
    known = ", ".join(name for name in found if name)
    return known or re.split(r"[ /]", user_agent, maxsplit=1)[0] or _("an unknown browser")
