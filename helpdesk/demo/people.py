"""The made-up company: its queues, its colleagues, and its customers."""

import random
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.clock import now
from helpdesk.customers.models import STAGES, Contact, ContactPoint, Customer, PostalAddress

QUEUES = {"support": ("Support", 1), "invoices": ("Invoices", 6), "sales": ("Sales", 9)}
"""Name and colour by the last part of the address."""
COMPANIES_SHARE = 0.4
PLAIN = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "Ae", "Ø": "O", "Å": "A", "é": "e", " ": "-", "'": ""})


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes to us."""

    customer_id: int
    contact_id: int
    name: str
    address: str
    phone: str
    company: str
    language: str

    @property
    def first(self) -> str:
        return self.name.split()[0]


@cache
def names() -> dict[str, Any]:
    """The lists of names.toml."""
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


def slug(text: str) -> str:
    """`text` as it may stand in an address."""
    return text.translate(PLAIN).lower()


def make_queues(session: Session) -> dict[str, Queue]:
    """The three queues by slug; those that exist are used."""
    have = {queue.slug: queue for queue in session.scalars(select(Queue))}
    domain = current_app.config["MAIL_DOMAIN"].lower()
    for name, (title, colour) in QUEUES.items():
        if name not in have:
            have[name] = Queue(name=title, slug=name, address=f"{name}@{domain}", colour=colour)
            session.add(have[name])
    session.flush()
    return {name: have[name] for name in QUEUES}


def make_agents(session: Session, count: int, password: str) -> list[Agent]:
    """`count` colleagues: the first an admin, the last a reader, the others agents. All have one password."""
    kept = passwords.keep(password)
    domain = current_app.config["MAIL_DOMAIN"].lower()
    agents = []
    for at in range(count):
        name = names()["agents"][at % len(names()["agents"])] + (f" {at}" if at >= len(names()["agents"]) else "")
        role = "admin" if at == 0 else "reader" if at == count - 1 and count > 2 else "agent"
        first = name.split()[0]
        agents.append(
            Agent(
                email=agent_address(name, domain),
                name=name,
                role=role,
                password_hash=kept,
                language="en" if first in ("Tom", "Emma", "Daniel") else "nb",
                signature=f"{name}\nFjordlys",
            )
        )
    session.add_all(agents)
    session.flush()
    return agents


def agent_address(name: str, domain: str) -> str:
    """ingrid.solberg@…"""
    return f"{slug(name).replace('-', '.')}@{domain}"


def make_customers(session: Session, count: int, rng: random.Random) -> None:
    """`count` customers, two in five of them companies with one to four contacts; the others private persons."""
    taken: set[str] = set(session.scalars(select(ContactPoint.value)))
    made: list[tuple[Customer, str]] = []
    for at in range(count):
        language = "nb" if rng.random() < 0.65 else "en"
        stage = rng.choices(STAGES, (3, 14, 78, 5))[0]
        if at < count * COMPANIES_SHARE:
            made.append(_company(language, stage, taken, rng))
        else:
            made.append((_private(language, stage, rng), rng.choice(("post.example", "mail.example", "inbox.example"))))
    for customer, _domain in made:
        # Known for longer than the oldest case.
        customer.created_at = customer.updated_at = now() - timedelta(days=rng.randint(560, 2600))
        session.add(customer)
    session.flush()
    for customer, domain in made:
        for contact in customer.contacts:
            _points(contact, customer.language, domain, taken, rng)
    session.flush()


def _private(language: str, stage: str, rng: random.Random) -> Customer:
    name = _person(language, rng)
    customer = Customer(kind="person", name=name, stage=stage, language=language)
    customer.contacts = [Contact(name=name)]
    customer.addresses = [_postal("post", language, rng)]
    return customer


def _company(language: str, stage: str, taken: set[str], rng: random.Random) -> tuple[Customer, str]:
    name = _company_name(language, taken, rng)
    domain = f"{slug(name)}.example"
    customer = Customer(kind="company", name=name, stage=stage, language=language)
    customer.industry = rng.choice(names()["industries"])
    customer.website = f"https://www.{domain}"
    customer.addresses = [_postal("visit", language, rng), _postal("invoice", language, rng)]
    customer.contacts = [Contact(name=_person(language, rng)) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
    customer.contacts[0].position = rng.choice(("Manager", "Owner", "Purchasing"))
    return customer, domain


def _company_name(language: str, taken: set[str], rng: random.Random) -> str:
    lists = names()
    for number in range(10_000):
        first = rng.choice(lists[f"company_first_{language}"] + lists[f"last_{language}"])
        name = f"{first} {rng.choice(lists[f'company_last_{language}'])}" + (f" {number}" if number > 9 else "")
        if slug(name) not in taken:
            break
    taken.add(slug(name))
    return name


def _person(language: str, rng: random.Random) -> str:
    return f"{rng.choice(names()[f'first_{language}'])} {rng.choice(names()[f'last_{language}'])}"


def _postal(kind: str, language: str, rng: random.Random) -> PostalAddress:
    if language == "en":
        where = {"street": rng.choice(names()["streets_en"]), "city": rng.choice(names()["cities_en"])}
        return PostalAddress(kind=kind, postcode=f"ZZ{rng.randint(1, 9)} {rng.randint(1, 9)}ZZ", country="GB", **where)
    where = {"street": rng.choice(names()["streets"]), "city": rng.choice(names()["cities"])}
    return PostalAddress(kind=kind, postcode=f"{rng.randint(1, 99):02}{rng.randint(0, 99):02}", **where)


def _points(contact: Contact, language: str, domain: str, taken: set[str], rng: random.Random) -> None:
    local = slug(contact.name).replace("-", ".")
    address = f"{local}@{domain}"
    while address in taken:
        address = f"{local}{rng.randint(2, 9999)}@{domain}"
    taken.add(address)
    # Ofcom keeps 020 7946 0xxx for drama; 22 00 0x xx is nobody's in Norway.
    phone = f"+44207946{rng.randint(0, 999):04}" if language == "en" else f"+4722000{rng.randint(0, 999):03}"
    contact.points = [
        ContactPoint(customer_id=contact.customer_id, kind=kind, value=value, shown=value)
        for kind, value in (("email", address), ("phone", phone))
    ]


def writers(session: Session) -> list[Writer]:
    """Every contact of the made-up customers, in a fixed order."""
    query = (
        select(Contact.id, Contact.name, Customer.id, Customer.name, Customer.kind, Customer.language, ContactPoint)
        .join(Customer, Customer.id == Contact.customer_id)
        .join(ContactPoint, ContactPoint.contact_id == Contact.id)
        .order_by(Contact.id, ContactPoint.kind)
    )
    found: dict[int, Writer] = {}
    address = ""
    for contact_id, name, customer_id, company, kind, language, point in session.execute(query):
        if point.kind == "email":
            address = point.value
        elif address.endswith(".example"):
            shown = company if kind == "company" else ""
            found[contact_id] = Writer(customer_id, contact_id, name, address, point.value, shown, language or "en")
    return list(found.values())
