"""The pairs about mail that comes in and goes out."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.models import Case, Message
from helpdesk.core.db import db, transaction
from helpdesk.customers.models import Contact, ContactPoint
from helpdesk.mail_in.discard import discard, undiscard
from helpdesk.mail_in.let_in import let_in
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.receive import Delivery, receive
from helpdesk.mail_in.retry import retry
from helpdesk.mail_in.story import read_mail
from helpdesk.mail_out.by_hand import discard as discard_sending
from helpdesk.mail_out.by_hand import try_again
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.send import send_mail
from tests.letters import letter
from tests.races.arena import Act, Pair, Scene, pair
from tests.races.scenes import a_case, agent, answers, get, messages, numbers, outcome, reads, support, with_mail


def arrived(sender: str, text: str = "Hello.", **fields: str) -> int:
    """A mail in the ledger that waits to be read."""
    return receive(letter(text, from_=f"Solveig <{sender}>", **fields), Delivery("pipe", support())).id


def a_stranger(people: dict[str, int]) -> Scene:
    """Two mails from one address that nobody knows yet."""
    address = f"new{next(numbers)}@fjordlys.example"
    return Scene(people=people, address=address, mail=arrived(address, "One."), other=arrived(address, "Two."))


def two_replies(people: dict[str, int]) -> Scene:
    """Two replies of the customer to one case."""
    scene = with_mail(a_case(people), "It smokes.")
    first = scene.mail
    return Scene(**{**vars(with_mail(scene, "It burns.")), "other": first})


def a_mail(people: dict[str, int]) -> Scene:
    """One mail that waits to be read."""
    address = f"once{next(numbers)}@fjordlys.example"
    return Scene(people=people, address=address, mail=arrived(address))


def a_raw_mail(people: dict[str, int]) -> Scene:
    """The bytes of a mail that no door has taken in yet."""
    n = next(numbers)
    address = f"door{n}@fjordlys.example"
    with transaction() as session:
        box = Mailbox(
            name=f"Box {n}",
            queue_id=support().id,
            host="imap.example",
            username="u",
            secret="",
            active=False,
        )
        session.add(box)
    return Scene(people=people, address=address, raw=letter("Hello.", from_=f"Solveig <{address}>"), box=box.id)


def held(people: dict[str, int]) -> Scene:
    """A mail that is held for a person's yes."""
    scene = a_mail(people)
    with transaction():
        mail = db.session.get_one(InboundMail, scene.mail)
        mail.outcome, mail.rule, mail.done_at = "held", "authentication_failed", func.now()
        mail.sender = scene.address
    return scene


def discarded(people: dict[str, int]) -> Scene:
    """A held mail that a person discarded."""
    scene = held(people)
    discard(db.session.get_one(InboundMail, scene.mail), "Spam.", by=agent(scene, "boss"))
    return scene


def to_send(people: dict[str, int]) -> Scene:
    """An answer that waits in the outbox."""
    scene = a_case(people)
    case = get(scene, "case")
    scene.letter = answer(case, Draft("Blue.", seen=case.last_event_id), by=agent(scene, "boss")).outbound_id
    return scene


def delayed(people: dict[str, int]) -> Scene:
    """An answer that a server put off for an hour."""
    scene = to_send(people)
    with transaction() as session:
        mail = session.get_one(OutboundMail, scene.letter)
        mail.state, mail.next_try_at = "delayed", func.now() + func.make_interval(0, 0, 0, 0, 1)
    return scene


def comes_by(door: str, **place: int) -> Act:
    """A door takes the mail in, and it is read at once."""

    def load(scene: Scene) -> Callable[[], Any]:
        queue = support()
        box = db.session.get_one(Mailbox, scene.box) if place else None
        return lambda: read_mail(receive(scene.raw, Delivery(door, queue, mailbox=box, **place)).id)

    return load


def decides(act: Callable[..., Any], by: str, *more: Any) -> Act:
    """A person who has the mail's page of the ledger on the screen."""

    def load(scene: Scene) -> Callable[[], Any]:
        row, who = db.session.get_one(InboundMail, scene.mail), agent(scene, by)
        return lambda: act(row, *more, by=who)

    return load


def retries_and_a_worker_reads(by: str) -> Act:
    """Run again, and a worker that is woken by it."""

    def load(scene: Scene) -> Callable[[], Any]:
        row, who = db.session.get_one(InboundMail, scene.mail), agent(scene, by)

        def go() -> None:
            retry(row, by=who)
            read_mail(scene.mail)

        return go

    return load


def sends(scene: Scene) -> Callable[[], Any]:
    """A worker that was told to send the letter."""
    return lambda: send_mail(scene.letter)


def at_the_outbox(act: Callable[..., Any], by: str, *more: Any) -> Act:
    """A person who has the outbox on the screen."""

    def load(scene: Scene) -> Callable[[], Any]:
        mail, who = db.session.get_one(OutboundMail, scene.letter), agent(scene, by)
        return lambda: act(mail, *more, by=who)

    return load


def tries_again_and_a_worker_sends(scene: Scene) -> Callable[[], Any]:
    """Try again, and a worker that is woken by it."""
    click = at_the_outbox(try_again, "boss")(scene)

    def go() -> None:
        click()
        send_mail(scene.letter)

    return go


def cases_of(scene: Scene) -> int:
    """How many cases the sender has."""
    return db.session.scalars(select(func.count(Case.id)).where(Case.from_address == scene.address)).one()


def cases_and_ledger(scene: Scene) -> tuple[int, tuple[str, ...]]:
    """How many cases, and the outcomes of the sender's mails."""
    rows = db.session.scalars(select(InboundMail.outcome).where(InboundMail.sender.contains(scene.address)))
    return cases_of(scene), tuple(sorted(str(row) for row in rows))


def customers_and_cases(scene: Scene) -> tuple[int, int, int]:
    """How many customers, contacts and cases the sender has."""
    point = select(ContactPoint.customer_id).where(ContactPoint.value == scene.address)
    customers = list(db.session.scalars(point))
    contacts = select(func.count(Contact.id)).where(Contact.customer_id.in_(customers))
    of_them = select(func.count(Case.id)).where(Case.customer_id.in_(customers))
    return len(set(customers)), db.session.scalars(contacts).one(), db.session.scalars(of_them).one()


def on_the_case(scene: Scene) -> tuple[int, str]:
    """How many messages, and the state."""
    return messages(scene), get(scene, "case").status


def words(scene: Scene) -> set[str]:
    """What the customer wrote on the case."""
    said = select(Message.text).where(Message.case_id == scene.case, Message.direction == "in")
    return set(db.session.scalars(said))


def letter_and_copies(scene: Scene) -> tuple[str, int]:
    """The letter's state, and how often it was handed over."""
    mail = db.session.get_one(OutboundMail, scene.letter)
    return mail.state, mail.recipients[0].resent + (mail.recipients[0].state == "sent")


MAIL: list[Pair] = [
    pair(
        *("two workers, one mail", a_mail, reads(), reads(), cases_and_ledger),
        ("done", "done", (1, ("new_case",))),
    ),
    pair(
        *("two mails from a new address", a_stranger, reads(), reads("other"), customers_and_cases),
        ("done", "done", (1, 1, 2)),
    ),
    pair(
        *("two replies to one case", two_replies, reads(), reads("other"), on_the_case),
        ("done", "done", (3, "open")),
    ),
    pair(
        *("one mail by two doors", a_raw_mail, comes_by("smtp"), comes_by("lmtp"), cases_and_ledger),
        ("done", "done", (1, ("duplicate", "new_case"))),
    ),
    pair(
        *("one mail by a poll and by SMTP", a_raw_mail, comes_by("imap", uidvalidity=1, uid=7), comes_by("smtp")),
        *(cases_and_ledger, ("done", "done", (1, ("duplicate", "new_case")))),
    ),
    pair(
        *("one mail by two polls", a_raw_mail, comes_by("imap", uidvalidity=1, uid=7)),
        *(comes_by("imap", uidvalidity=1, uid=7), cases_and_ledger, ("done", "done", (1, ("new_case",)))),
    ),
    pair(
        *("let in / let in", held, decides(let_in, "ada"), decides(let_in, "kim"), cases_and_ledger),
        ("done", "taken_meanwhile", (1, ("new_case",))),
        ("taken_meanwhile", "done", (1, ("new_case",))),
    ),
    pair(
        *("let in / discard", held, decides(let_in, "ada"), decides(discard, "kim", "Spam."), cases_and_ledger),
        ("done", "taken_meanwhile", (1, ("new_case",))),
        ("taken_meanwhile", "done", (0, ("refused",))),
    ),
    pair(
        *("let in / run again", held, decides(let_in, "ada"), retries_and_a_worker_reads("kim"), cases_and_ledger),
        ("done", "taken_meanwhile", (1, ("new_case",))),
        ("taken_meanwhile", "done", (1, ("new_case",))),
    ),
    pair(
        *("run again / run again", held, retries_and_a_worker_reads("ada"), retries_and_a_worker_reads("kim")),
        *(cases_and_ledger, ("done", "taken_meanwhile", (1, ("new_case",)))),
        ("taken_meanwhile", "done", (1, ("new_case",))),
    ),
    pair(
        *("run again / the sweeper's worker", a_mail, retries_and_a_worker_reads("ada"), reads(), cases_and_ledger),
        ("done", "done", (1, ("new_case",))),
        ("taken_meanwhile", "done", (1, ("new_case",))),
    ),
    pair(
        *("discard / discard", held, decides(discard, "ada", "Spam."), decides(discard, "kim", "Junk."), outcome),
        ("done", "taken_meanwhile", "refused"),
        ("taken_meanwhile", "done", "refused"),
    ),
    pair(
        *("take a discard back / let in", discarded, decides(undiscard, "ada"), decides(let_in, "kim"), outcome),
        ("done", "taken_meanwhile", "held"),
        ("taken_meanwhile", "done", "new_case"),
    ),
    pair(
        *("two workers, one letter", to_send, sends, sends, letter_and_copies),
        ("done", "done", ("sent", 1)),
    ),
    pair(
        *("try again / a worker", to_send, tries_again_and_a_worker_sends, sends, letter_and_copies),
        ("done", "done", ("sent", 1)),
        ("being_sent", "done", ("sent", 1)),
        ("sent_already", "done", ("sent", 1)),
    ),
    pair(
        *("try again / try again", delayed, tries_again_and_a_worker_sends, tries_again_and_a_worker_sends),
        *(letter_and_copies, ("done", "done", ("sent", 1))),
        ("done", "being_sent", ("sent", 1)),
        ("being_sent", "done", ("sent", 1)),
        ("done", "sent_already", ("sent", 1)),
        ("sent_already", "done", ("sent", 1)),
    ),
    pair(
        *("discard a letter / a worker", to_send, at_the_outbox(discard_sending, "ada", "Wrong."), sends),
        *(letter_and_copies, ("done", "done", ("discarded", 0))),
        ("being_sent", "done", ("sent", 1)),
        ("sent_already", "done", ("sent", 1)),
    ),
    pair(
        *("a letter is sent / customer's reply", lambda people: with_mail(to_send(people)), sends, reads()),
        *(lambda scene: (letter_and_copies(scene)[0], len(words(scene))), ("done", "done", ("sent", 2))),
    ),
    pair(
        *("a letter is sent / answer", to_send, sends, answers("boss", "More.")),
        *(lambda scene: (letter_and_copies(scene)[0], messages(scene)), ("done", "done", ("sent", 3))),
    ),
]
