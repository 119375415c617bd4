"""The pairs about customers, colleagues and settings."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from helpdesk.accounts.invite import invite
from helpdesk.accounts.models import Agent, AuditEntry
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.queue_settings import QueueFields, add_queue
from helpdesk.core.db import db
from helpdesk.customers.contacts import add_contact, edit_contact
from helpdesk.customers.create import create
from helpdesk.customers.edit import edit
from helpdesk.customers.fields import CUSTOMER
from helpdesk.customers.models import Contact, ContactPoint, Customer
from helpdesk.customers.move import move
from helpdesk.customers.points import add_point
from helpdesk.customers.stage import change_stage
from tests.races.arena import Act, Pair, Scene, pair
from tests.races.scenes import agent, numbers, reads
from tests.races.table_of_mail import arrived


def a_company(people: dict[str, int]) -> Scene:
    """A company with a domain of its own, one person, and another company."""
    n = next(numbers)
    scene = Scene(people=people, address=f"per@company{n}.example", n=n)
    boss = agent(scene, "boss")
    typed = {"kind": "company", "stage": "prospect", "name": f"Company {n}"}
    company = create({**typed, "email": f"post@company{n}.example"}, by=boss)
    other = create({**typed, "name": f"Other {n}"}, by=boss)
    person = add_contact(company, {"name": "Per", "position": "", "email": scene.address}, by=boss)
    scene.customer, scene.other, scene.contact = company.id, other.id, person.id
    return scene


def with_mail_from_a_colleague_of_theirs(people: dict[str, int]) -> Scene:
    """And two mails from new people at that company."""
    scene = a_company(people)
    scene.mail = arrived(f"kari@company{scene.n}.example", "One.")
    scene.second = arrived(f"ola@company{scene.n}.example", "Two.")
    return scene


def with_mail_from_per(people: dict[str, int]) -> Scene:
    """And a mail from its person."""
    scene = a_company(people)
    scene.mail = arrived(scene.address)
    return scene


def nobody(people: dict[str, int]) -> Scene:
    """An empty desk, and a number to make names from."""
    return Scene(people=people, n=next(numbers))


def as_typed(customer: Customer, **changed: str) -> dict[str, str]:
    """The form as the page showed it, and what was changed in it."""
    return {name: str(getattr(customer, name) or "") for name in CUSTOMER} | changed


def edits(by: str, **changed: str) -> Act:
    """Save the customer's form, filled in from what was there at the start."""

    def load(scene: Scene) -> Callable[[], Any]:
        customer, who = db.session.get_one(Customer, scene.customer), agent(scene, by)
        typed, version = as_typed(customer, **changed), customer.version
        return lambda: edit(customer, version, typed, by=who)

    return load


def of_customer(act: Callable[..., Any], by: str, *more: Any) -> Act:
    """An act on the customer."""

    def load(scene: Scene) -> Callable[[], Any]:
        customer, who = db.session.get_one(Customer, scene.customer), agent(scene, by)
        return lambda: act(customer, *more, by=who)

    return load


def of_contact(by: str, act: Callable[..., Any]) -> Act:
    """An act on the contact, whose version was read at the start."""

    def load(scene: Scene) -> Callable[[], Any]:
        contact, who = db.session.get_one(Contact, scene.contact), agent(scene, by)
        other, version = db.session.get_one(Customer, scene.other), contact.version
        return lambda: act(contact, version, other, who)

    return load


def makes(by: str, act: Callable[[int, Agent], Any]) -> Act:
    """Something new with a name made from the scene's number."""

    def load(scene: Scene) -> Callable[[], Any]:
        who = agent(scene, by)
        return lambda: act(scene.n, who)

    return load


def renames(contact: Contact, version: int, _other: Customer, by: Agent) -> None:
    edit_contact(contact, version, {"name": "Per Ås", "position": "Boss"}, by=by)


def moves(contact: Contact, version: int, other: Customer, by: Agent) -> None:
    move(contact, version, other, by=by)


def invites(n: int, by: Agent) -> None:
    invite(f"new{n}@desk.example", "New", "agent", by=by)


def adds_queue(n: int, by: Agent) -> None:
    add_queue(QueueFields(f"Sales {n}", f"sales{n}@desk.example"), by=by)


def writes_in(n: int, by: Agent) -> None:
    create({"kind": "person", "stage": "suspect", "name": "Eva", "email": f"eva{n}@x.example"}, by=by)


def name_and_version(scene: Scene) -> tuple[str, str, int]:
    """What the register says now."""
    customer = db.session.get_one(Customer, scene.customer)
    return customer.name.split()[0], customer.industry, customer.version


def people_and_cases(scene: Scene) -> tuple[int, int]:
    """How many contacts and cases the company has."""
    contacts = select(func.count(Contact.id)).where(Contact.customer_id == scene.customer)
    cases = select(func.count(Case.id)).where(Case.customer_id == scene.customer)
    return db.session.scalars(contacts).one(), db.session.scalars(cases).one()


def place_of_per(scene: Scene) -> tuple[str, bool]:
    """Per's name and where he is; his address is at the same place."""
    contact = db.session.get_one(Contact, scene.contact)
    point = select(ContactPoint.customer_id).where(ContactPoint.contact_id == contact.id)
    assert db.session.scalars(point).one() == contact.customer_id
    return contact.name, contact.customer_id == scene.other


def per_and_his_case(scene: Scene) -> tuple[bool, bool]:
    """Whether Per has moved, and that his one case is at a customer that he was at."""
    case = db.session.scalars(select(Case).where(Case.from_address == scene.address)).one()
    assert case.contact_id == scene.contact
    return place_of_per(scene)[1], case.customer_id in (scene.customer, scene.other)


def phones(scene: Scene) -> int:
    """How many phone numbers the company has."""
    query = select(func.count(ContactPoint.id)).where(
        ContactPoint.customer_id == scene.customer, ContactPoint.kind == "phone"
    )
    return db.session.scalars(query).one()


def stage_and_audit(scene: Scene) -> tuple[str, int]:
    """The stage, and how many rows of audit tell of changes of it."""
    rows = select(func.count(AuditEntry.id)).where(
        AuditEntry.subject == "customer",
        AuditEntry.subject_id == scene.customer,
        AuditEntry.action == "moved to stage",
    )
    return db.session.get_one(Customer, scene.customer).stage, db.session.scalars(rows).one()


def how_many(column: Any, value: str) -> Callable[[Scene], int]:
    """How many rows have this value, made from the scene's number."""
    return lambda scene: db.session.scalars(
        select(func.count()).select_from(column.class_).where(column == value.format(scene.n))
    ).one()


PEOPLE: list[Pair] = [
    pair(
        *("two edits of one field", a_company, edits("ada", name="Left"), edits("kim", name="Right"), name_and_version),
        ("done", "changed_meanwhile", ("Left", "", 2)),
        ("changed_meanwhile", "done", ("Right", "", 2)),
    ),
    pair(
        *("two edits that agree", a_company, edits("ada", industry="Fish"), edits("kim", industry="Fish")),
        *(name_and_version, ("done", "done", ("Company", "Fish", 2))),
    ),
    pair(
        *("edit / mail from a person there", with_mail_from_per, edits("ada", name="Left"), reads(), people_and_cases),
        ("done", "done", (1, 1)),
    ),
    pair(
        *("two new people of one company write", with_mail_from_a_colleague_of_theirs, reads(), reads("second")),
        *(people_and_cases, ("done", "done", (3, 2))),
    ),
    pair(
        *("a person is moved / is renamed", a_company, of_contact("ada", moves), of_contact("kim", renames)),
        *(place_of_per, ("done", "done", ("Per Ås", True)), ("changed_meanwhile", "done", ("Per Ås", False))),
    ),
    pair(
        *("a person is moved / writes", with_mail_from_per, of_contact("ada", moves), reads(), per_and_his_case),
        ("done", "done", (True, True)),
    ),
    pair(
        *("the same phone number twice", a_company, of_customer(add_point, "ada", None, "phone", "22334455")),
        *(of_customer(add_point, "kim", None, "phone", "22 33 44 55"), phones),
        ("done", "invalid_input", 1),
        ("invalid_input", "done", 1),
    ),
    pair(
        *("two stages", a_company, of_customer(change_stage, "ada", "customer")),
        *(of_customer(change_stage, "kim", "former"), stage_and_audit),
        ("done", "done", ("customer", 2)),
        ("done", "done", ("former", 2)),
    ),
    pair(
        *("two write one person in", nobody, makes("ada", writes_in), makes("kim", writes_in)),
        *(how_many(ContactPoint.value, "eva{}@x.example"), ("done", "invalid_input", 1), ("invalid_input", "done", 1)),
    ),
    pair(
        *("two invite one colleague", nobody, makes("boss", invites), makes("ada", invites)),
        *(how_many(Agent.email, "new{}@desk.example"), ("done", "invalid_input", 1), ("invalid_input", "done", 1)),
    ),
    pair(
        *("two add one queue", nobody, makes("boss", adds_queue), makes("ada", adds_queue)),
        *(how_many(Queue.name, "Sales {}"), ("done", "invalid_input", 1), ("invalid_input", "done", 1)),
    ),
]
