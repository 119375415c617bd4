"""Mail and inquiries by every door, each sent again until it was acknowledged, as mail servers and people do."""

import http.client
import random
import re
import smtplib
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from html import unescape
from json import dumps
from typing import Any

from sqlalchemy import select

from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.mail_in.receive import Delivery, receive
from tests.chaos.desk import ADDRESS, MAILBOX_USERS, Desk

PAUSE_S = 0.2
"""Between two tries of the same mail; it grows to PAUSE_MAX_S."""
PAUSE_MAX_S = 1.0
TIMEOUT_S = 30
DOORS = ("smtp", "lmtp", "imap", "pipe", "form", "api")
WEIGHTS = {"smtp": 30, "lmtp": 25, "imap": 25, "pipe": 5, "form": 8, "api": 7}
AT_ONCE = {"smtp": 2, "lmtp": 2, "imap": 1, "pipe": 2, "form": 3, "api": 3}
LETTERS = ("smtp", "lmtp", "imap", "pipe")
REPLIES = 0.4
"""The share of mails that reply to an answer of ours, where there is one to reply to."""
WITH_FILES = 0.2

FAILURES = (OSError, smtplib.SMTPException, http.client.HTTPException)


@dataclass
class Sent:
    """One mail or inquiry: `mark` stands in its subject, its text and (for a mail) its Message-ID."""

    mark: str
    door: str
    answers: str = ""
    """The Message-ID of the answer that it replies to."""
    tries: int = 0
    acknowledged: bool = False
    file: bytes = b""


@dataclass
class Post:
    """Everything that was sent. Threads of `deliver` share it."""

    desk: Desk
    seed: int
    everything: list[Sent] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """Message-ID of each answer that was replied to → whom it had gone to."""
    looked_at: int = 0
    """So many of the mails that left were looked through for answers."""
    enough: threading.Event = field(default_factory=threading.Event)
    """No new mail; what is under way is sent until it is acknowledged."""
    over: threading.Event = field(default_factory=threading.Event)
    """Nothing more is tried."""
    resting_until: float = 0.0
    """No new mail until then."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def run(self, counts: dict[str, int], within_s: float) -> None:
        """Send so many by each door, spread evenly over `within_s`, in the background."""
        for door, count in counts.items():
            for share in range(AT_ONCE[door]):
                mine = (count + AT_ONCE[door] - 1 - share) // AT_ONCE[door]
                work = threading.Thread(target=self._deliver_all, args=(door, mine, within_s, share), daemon=True)
                self._threads.append(work)
                work.start()

    def is_done(self) -> bool:
        """Whether all was sent and acknowledged."""
        return not any(work.is_alive() for work in self._threads)

    def _deliver_all(self, door: str, count: int, within_s: float, share: int) -> None:
        chance = random.Random(f"{self.seed}{door}{share}")
        started = time.monotonic()
        for number in range(count):
            pause = started + within_s * number / count - time.monotonic()
            if self.enough.wait(max(0.0, pause)) or self.over.is_set():
                return
            while (rest := self.resting_until - time.monotonic()) > 0 and not self.enough.wait(rest):
                pass
            self.deliver(door, chance)

    def deliver(self, door: str, chance: random.Random) -> Sent:
        """One mail, tried until it is acknowledged or everything is over."""
        sent = self._new(door, chance)
        send = self._ways()[door](sent)
        pause = PAUSE_S
        while not self.over.is_set():
            sent.tries += 1
            try:
                sent.acknowledged = send()
            except FAILURES:
                sent.acknowledged = False
            if sent.acknowledged:
                break
            self.over.wait(pause)
            pause = min(PAUSE_MAX_S, pause * 2)
        return sent

    def deliver_unheard(self, rest_s: float) -> None:
        """A mail by a door whose broker is away, and no other for `rest_s`: nobody is woken for it."""
        self.resting_until = time.monotonic() + rest_s
        sent = self._new("lmtp", random.Random(len(self.everything)))
        with self.desk.app.app_context():
            self.desk.app.extensions["broker_rests_until"] = float("inf")
            queue = db.session.scalars(select(Queue)).one()
            receive(letter(sent, self._sender_of(sent)), Delivery("lmtp", queue, "customer@kunde.example", ADDRESS))
            db.session.remove()
        sent.tries, sent.acknowledged = 1, True

    def _new(self, door: str, chance: random.Random) -> Sent:
        with self._lock:
            sent = Sent(f"m{len(self.everything):06}", door)
            self.everything.append(sent)
            if door in LETTERS and chance.random() < REPLIES:
                sent.answers = self._unanswered_answer()
        if chance.random() < WITH_FILES:
            sent.file = chance.randbytes(chance.randint(1_000, 100_000))
        return sent

    def _unanswered_answer(self) -> str:
        while self.looked_at < len(self.desk.smtp.received):
            received = self.desk.smtp.received[self.looked_at]
            self.looked_at += 1
            message_id = _message_id(received.data)
            if message_id not in self.answers and b"\nAuto-Submitted:" not in received.data:
                self.answers[message_id] = received.recipients[0]
                return message_id
        return ""

    def _ways(self) -> dict[str, Callable[[Sent], Callable[[], bool]]]:
        return {
            "smtp": partial(self._door, smtplib.SMTP),
            "lmtp": partial(self._door, smtplib.LMTP),
            "imap": self._imap,
            "pipe": self._pipe,
            "form": self._form,
            "api": self._api,
        }

    def _door(self, client_of: type[smtplib.SMTP], sent: Sent) -> Callable[[], bool]:
        raw = letter(sent, self._sender_of(sent))

        def send() -> bool:
            port = int(self.desk.settings[f"{client_of.__name__}_DOOR_PORT"])
            with client_of("127.0.0.1", port, timeout=TIMEOUT_S) as client:
                return self._hand_over(client, raw)

        return send

    def _hand_over(self, client: smtplib.SMTP, raw: bytes) -> bool:
        client.ehlo_or_helo_if_needed()
        if client.mail("customer@kunde.example")[0] != 250 or client.rcpt(ADDRESS)[0] != 250:
            return False
        # Whoever saw the 250 throws the mail away, whatever happens to the connection then.
        code, _words = client.data(raw)
        client.close()
        return code == 250

    def _imap(self, sent: Sent) -> Callable[[], bool]:
        raw = letter(sent, self._sender_of(sent))

        def send() -> bool:
            self.desk.dovecot.deliver(MAILBOX_USERS[int(sent.mark[1:]) % len(MAILBOX_USERS)], raw)
            return True

        return send

    def _pipe(self, sent: Sent) -> Callable[[], bool]:
        mail = self.desk.folder / "pipe" / f"{sent.mark}.eml"
        mail.parent.mkdir(exist_ok=True)
        mail.write_bytes(letter(sent, self._sender_of(sent)))

        def send() -> bool:
            child = self.desk.nursery.start(
                *("flask", "mail", "ingest", "-", "--recipient", ADDRESS), log=self.desk.log_of("pipe"), stdin=mail
            )
            code = child.wait(60)
            child.kill()
            return code == 0

        return send

    def _form(self, sent: Sent) -> Callable[[], bool]:
        url = f"{self.desk.web_url}/contact"
        token = ""

        def send() -> bool:
            nonlocal token
            with suppress(urllib.error.HTTPError):
                if not token:
                    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as page:
                        found = re.search(r'name="token"[^>]*value="([^"]+)"', page.read().decode())
                        token = unescape(found[1]) if found else ""
                data = urllib.parse.urlencode({**fields(sent), "token": token, "website": ""}).encode()
                with urllib.request.urlopen(url, data, timeout=TIMEOUT_S) as thanks:
                    return "/contact/thanks/" in thanks.url
            return False

        return send

    def _api(self, sent: Sent) -> Callable[[], bool]:
        body = dumps({**fields(sent), "key": sent.mark}).encode()
        headers = {"Content-Type": "application/json"}

        def send() -> bool:
            asked = urllib.request.Request(f"{self.desk.web_url}/api/inquiries", body, headers)
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
                return answer.status in (200, 201)
            return False

        return send

    def _sender_of(self, sent: Sent) -> str:
        """A reply comes from whom the answer went to."""
        return self.answers.get(sent.answers) or f"{sent.mark}@kunde.example"


def letter(sent: Sent, sender: str) -> bytes:
    """A customer's mail."""
    mail = EmailMessage()
    mail["From"] = f"Kunde <{sender}>"
    mail["To"] = ADDRESS
    mail["Subject"] = f"Re: {sent.mark}" if sent.answers else f"About {sent.mark}"
    mail["Message-ID"] = f"<{sent.mark}@kunde.example>"
    mail["Date"] = "Mon, 02 Nov 2026 09:12:00 +0100"
    if sent.answers:
        mail["In-Reply-To"] = mail["References"] = sent.answers
    mail.set_content(f"This is {sent.mark}.\nThe printer is on fire.\n")
    if sent.file:
        mail.add_attachment(sent.file, maintype="application", subtype="octet-stream", filename=f"{sent.mark}.bin")
    return mail.as_bytes()


def fields(sent: Sent) -> dict[str, Any]:
    """What stands in a form."""
    words = {"name": "Kunde", "email": f"{sent.mark}@kunde.example", "topic": f"About {sent.mark}"}
    return {**words, "message": f"This is {sent.mark}."}


def _message_id(data: bytes) -> str:
    found = re.search(rb"(?im)^Message-ID:\s*(<[^>]+>)", data)
    return found[1].decode() if found else ""
