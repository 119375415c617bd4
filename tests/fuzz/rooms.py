"""A desk at work, and every way in: its addresses, its forms, and the names that its rooms ask for."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.claim import claim
from helpdesk.cases.close import close
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.note import note
from helpdesk.core import secret_box
from helpdesk.core.db import db, transaction
from helpdesk.customers.models import PostalAddress
from helpdesk.mail_in.models import InboundMail, Mailbox
from tests.fuzz.asking import ask, read_html
from tests.fuzz.mails import SEEDS
from tests.letters import letter, letter_with_file

HELPDESK = Path(__file__).parents[2] / "helpdesk"
ASKED_FOR = re.compile(
    r"""(?:args|form|values|files|asked|typed)(?:\.get|\.getlist)?[\[(]["']([\w-]+)["']"""
    r"""|["']([\w-]+)["'] in request\.\w+|^    (\w+) = \w*Field\(|\bname="([\w-]+)"|[?&]([\w-]+)=""",
    re.MULTILINE,
)


class Form(NamedTuple):
    """A form as it stood on a page."""

    method: str
    action: str
    fields: tuple[tuple[str, str], ...]


def furnish(queue: Queue, ada: Agent, post_mail: Callable[..., InboundMail]) -> None:
    """Cases in every state, customers, an outbox, a ledger with something of each kind, a mailbox."""
    first = post_mail(letter()).case
    assert first is not None
    claim(first, by=ada)
    answer(first, Draft("Have you tried to turn it off?", seen=first.last_event_id), by=ada)
    note(first, "They always say that.", by=ada)
    closed = post_mail(letter_with_file("Please see the file.", 1)).case
    assert closed is not None
    claim(closed, by=ada)
    close(closed, by=ada)
    claim(post_mail(letter(from_="Per <per@kunde1.example>", subject="Mine")).case, by=ada)  # type: ignore[arg-type]
    for path in sorted(SEEDS.glob("*.eml")):
        post_mail(path.read_bytes())
    with transaction() as session:
        where = {"street": "Storgata 1", "postcode": "0001", "city": "Oslo"}
        session.add(PostalAddress(customer_id=first.customer_id, kind="visit", **where))
        secret = secret_box.lock("secret")
        session.add(Mailbox(name="Post", queue_id=queue.id, host="127.0.0.1", port=1, username="post", secret=secret))


def names_by_room() -> dict[str, list[str]]:
    """For each room the names of parameters and fields that its modules and templates speak of."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(HELPDESK.rglob("*")):
        if path.suffix in (".py", ".html") and "build" not in path.parts:
            room = path.relative_to(HELPDESK).parts[0]
            found[room].update(next(filter(None, groups)) for groups in ASKED_FOR.findall(path.read_text()))
    return {room: sorted(names) for room, names in found.items()}


def places(rule: Rule) -> list[tuple[str, bool]]:
    """What the path has open: names, and whether each takes numbers only."""
    return [(name, "Integer" in type(kind).__name__) for name, kind in rule._converters.items()]


def path_of(rule: Rule, values: dict[str, str]) -> str:
    """The address with these values in its places, whether the rule likes them or not."""
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda match: quote(values[match[1]], safe=""), rule.rule)


def rules(app: Flask) -> list[Rule]:
    """Every route but the static files'."""
    return sorted((rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"), key=lambda rule: rule.rule)


def pages(app: Flask, client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page that a walk over all links finds, from every route with likely numbers on."""
    numbers = ["1", "2", str(db.session.query(Case.number).order_by(Case.number).limit(1).scalar())]
    waiting = [
        path_of(rule, dict.fromkeys(dict(places(rule)), number))
        for rule in rules(app)
        if "GET" in (rule.methods or ())
        for number in numbers
    ]
    seen: set[str] = set()
    shapes: dict[str, int] = defaultdict(int)
    while waiting:
        path = waiting.pop()
        parts = urlsplit(path)
        shape = re.sub(r"\d+", "1", parts.path) + re.sub(r"=[^&]*", "", parts.query)
        if (
            path in seen
            or shapes[shape] >= 3
            or parts.netloc
            or not parts.path.startswith("/")
            or parts.path == "/live"
        ):
            continue
        seen.add(path)
        shapes[shape] += 1
        answer = ask(client, "GET", path, "walk")
        if answer.mimetype == "text/html":
            html = answer.get_data(as_text=True)
            yield path, html
            waiting += [link.partition("#")[0] for link in read_html(html).links]


def forms(app: Flask, client: FlaskClient) -> list[Form]:
    """Every form on every page, each once."""
    found = {}
    for path, html in pages(app, client):
        for method, action, fields in read_html(html).forms:
            form = Form(method, action or path, tuple(fields))
            shape = (method, re.sub(r"\d+", "1", form.action), tuple(sorted({name for name, _value in fields})))
            found.setdefault(shape, form)
    return [found[shape] for shape in sorted(found)]


def put_right(app: Flask) -> None:
    """Let those in again whom a form shut out."""
    with transaction() as session:
        session.execute(
            text("update agents set active = true, role = case name when 'Berit' then 'admin' else 'agent' end")
        )
        session.execute(text("update queues set active = true"))
