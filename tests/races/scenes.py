"""What pairs act upon, who acts, and what is so afterwards."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import func, select

from helpdesk.accounts.models import Agent
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.claim import claim
from helpdesk.cases.close import close
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.merge import merge
from helpdesk.cases.models import Case, CaseEvent, Message, Queue
from helpdesk.cases.open import open_case
from helpdesk.core.db import db, transaction
from helpdesk.customers.match import customer_for
from helpdesk.mail_in.models import InboundMail
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_out.models import OutboundMail
from tests.letters import letter
from tests.races.arena import Act, Scene

numbers = itertools.count(1)


def support() -> Queue:
    """The queue of a new installation."""
    return db.session.scalars(select(Queue).where(Queue.slug == "support")).one()


def get(scene: Scene, name: str) -> Case:
    """A case of the scene, as the one who acts has it on the screen."""
    return db.session.get_one(Case, getattr(scene, name))


def agent(scene: Scene, name: str) -> Agent:
    """A colleague of the scene."""
    return db.session.get_one(Agent, scene.people[name])


def a_case(people: dict[str, int], name: str = "case", *, owner: str = "", closed: bool = False) -> Scene:
    """An open case of a customer of its own, whose first mail has a Message-ID."""
    n = next(numbers)
    address = f"solveig{n}@fjordlys.example"
    with transaction():
        incoming = Incoming(
            text="The printer is on fire.",
            from_name="Solveig",
            from_address=address,
            subject="Fire",
            message_id=f"first{n}@fjordlys.example",
        )
        case = open_case(support(), incoming, who=customer_for(address, "Solveig"), source="mail")
    scene = Scene(people=people, address=address, message_id=f"first{n}@fjordlys.example", **{name: case.id})
    if owner:
        claim(case, by=agent(scene, owner))
    if closed:
        close(case, by=agent(scene, "boss"))
    return scene


def owned(people: dict[str, int]) -> Scene:
    """A case of Ada's."""
    return a_case(people, owner="ada")


def closed(people: dict[str, int]) -> Scene:
    """A closed case of Ada's."""
    return a_case(people, owner="ada", closed=True)


def two_cases(people: dict[str, int]) -> Scene:
    """Two open cases; `case` is the older one, and mail in the thread goes there."""
    scene = a_case(people)
    return Scene(**{**vars(a_case(people, "other")), **vars(scene)})


def three_cases(people: dict[str, int]) -> Scene:
    """Three open cases: case, other, third."""
    scene = two_cases(people)
    return Scene(**{**vars(a_case(people, "third")), **vars(scene)})


def merged(people: dict[str, int]) -> Scene:
    """Three cases, of which `case` has been merged into `other`."""
    scene = three_cases(people)
    merge(get(scene, "case"), get(scene, "other"), by=agent(scene, "boss"))
    return scene


def with_mail(scene: Scene, text: str = "It is worse now.") -> Scene:
    """And a reply of the customer to `case`, which waits to be read."""
    raw = letter(text, from_=f"Solveig <{scene.address}>", in_reply_to=f"<{scene.message_id}>")
    scene.mail = receive(raw, Delivery("pipe", support())).id
    return scene


def reply_to(scene_of: Callable[[dict[str, int]], Scene]) -> Callable[[dict[str, int]], Scene]:
    """`scene_of`, with a reply that waits to be read."""
    return lambda people: with_mail(scene_of(people))


def does(act: Callable[..., Any], by: str, *names: str, **more: Any) -> Act:
    """`act` upon the scene's cases `names`, by somebody who has them on the screen."""

    def load(scene: Scene) -> Callable[[], Any]:
        cases, who = [get(scene, name) for name in names or ("case",)], agent(scene, by)
        return partial(act, *cases, by=who, **more)

    return load


def answers(by: str, text: str = "", *, on: str = "case", **more: Any) -> Act:
    """An answer by somebody who has seen what was there at the start."""

    def load(scene: Scene) -> Callable[[], Any]:
        case, who = get(scene, on), agent(scene, by)
        draft = Draft(text or f"From {by}.", seen=case.last_event_id, **more)
        return partial(answer, case, draft, by=who)

    return load


def closes(by: str, on: str = "case") -> Act:
    """The button Close on a page that shows what was there at the start."""

    def load(scene: Scene) -> Callable[[], Any]:
        case, who = get(scene, on), agent(scene, by)
        return partial(close, case, by=who, seen=case.last_event_id)

    return load


def reads(name: str = "mail") -> Act:
    """A worker that reads the mail."""
    return lambda scene: partial(read_mail, getattr(scene, name))


def owner_and_status(scene: Scene, name: str = "case") -> tuple[str, str]:
    """Whose the case is, and its state."""
    case = get(scene, name)
    return (case.owner.name.rstrip("0123456789") if case.owner else "nobody", case.status)


def status(name: str = "case") -> Callable[[Scene], str]:
    """The state of a case."""
    return lambda scene: get(scene, name).status


def kinds(scene: Scene, name: str = "case") -> list[str]:
    """What the journal says happened, in its order."""
    query = select(CaseEvent.kind).where(CaseEvent.case_id == getattr(scene, name)).order_by(CaseEvent.id)
    return list(db.session.scalars(query))


def letters_to_send(scene: Scene) -> int:
    """How many mails of the case stand in the outbox."""
    return db.session.scalars(select(func.count(OutboundMail.id)).where(OutboundMail.case_id == scene.case)).one()


def messages(scene: Scene, name: str = "case") -> int:
    """How many messages the case has."""
    return db.session.scalars(select(func.count(Message.id)).where(Message.case_id == getattr(scene, name))).one()


def outcome(scene: Scene, name: str = "mail") -> str | None:
    """What became of the mail."""
    return db.session.get_one(InboundMail, getattr(scene, name)).outcome
