"""What travels: the bytes of an agent's first page with everything it names, and of the page after it."""

import gzip
import re
from html import unescape

from benchmarks.browser import Reply
from benchmarks.desk import Desk
from benchmarks.pages import Prepared
from benchmarks.table import Table

FIRST_MOST_KB, NEXT_MOST_KB = 150, 15
NAMED = re.compile(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="(/[^"]+)"')
PACKED = ("text/", "application/javascript", "application/json", "image/svg")
AS_HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#case"}


def measure(desk: Desk, table: Table, ready: Prepared) -> None:
    """Print kB of the first visit (the queue), and of a case after it: the whole page, and what a click fetches."""
    desk.tell("bytes")
    browser, case = desk.browser(ready.agent), ready.full
    page = browser.get("/cases")
    assets = named(page.body.decode())
    first = [page, *(browser.get(path) for path in sorted(assets))]
    kilobytes = sum(on_the_way(reply) for reply in first) / 1000
    table.most(f"bytes of the first visit, gzip, {len(first)} requests", kilobytes, "kB", FIRST_MOST_KB)
    then = browser.get(f"/cases/{case.number}")
    fresh = [browser.get(path) for path in sorted(named(then.body.decode()) - assets)]
    kilobytes = sum(on_the_way(reply) for reply in (then, *fresh)) / 1000
    table.most(f"bytes of the next page, gzip, {1 + len(fresh)} requests", kilobytes, "kB", NEXT_MOST_KB)
    clicked = on_the_way(browser.get(f"/cases/{case.number}", **AS_HTMX)) / 1000
    table.just("    the same by a click, the case alone", clicked, "kB")


def named(html: str) -> set[str]:
    """The addresses of stylesheets, scripts, fonts and pictures that a page names."""
    return {unescape(path) for path in NAMED.findall(html)}


def on_the_way(reply: Reply) -> int:
    """Bytes of the body as they travel: as they came if packed, else as a proxy in front packs text (gzip -6)."""
    packs = reply.headers.get("content-type", "").startswith(PACKED) and "content-encoding" not in reply.headers
    return len(gzip.compress(reply.body, 6)) if packs else len(reply.body)
