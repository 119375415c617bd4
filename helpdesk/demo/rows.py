"""Threads as lines of PostgreSQL's COPY: one list a table, ids given out in advance."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core.tokens import seal
from helpdesk.demo.files import Attached
from helpdesk.demo.stems import Stems, words_of
from helpdesk.demo.threads import Said, Thread
from helpdesk.mail_out.reply_tokens import PURPOSE

COLUMNS = {
    "cases": "id,number,queue_id,subject,status,owner_id,owned_since,customer_id,contact_id,source,opened_at,"
    "waiting_since,closed_at,snippet,from_name,from_address,last_event_id",
    "participants": "case_id,address,name",
    "outbound_mails": "id,case_id,kind,message_id,from_name,from_address,subject,text,in_reply_to,state,attempts,"
    "next_try_at,created_at,created_by_id,sent_at,references,attachments",
    "outbound_recipients": "mail_id,role,name,address,state,settled_at",
    "messages": 'id,case_id,direction,at,agent_id,from_name,from_address,"to",subject,text,message_id,outbound_id',
    "attachments": "message_id,sha256,filename,content_type,size",
    "case_events": "id,case_id,at,kind,actor_id,message_id",
    "timeline_entries": "customer_id,contact_id,at,kind,title,case_number,actor_id",
    "case_words": "case_id,words",
}
"""In an order in which each row's parents come first."""
ON_TIMELINE = frozenset({"opened", "wrote", "answered", "closed"})
MUST_BE_SEEN = frozenset({"opened", "wrote", "answered", "noted"})
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
Row = Sequence[Any]


@dataclass
class World:
    """What every row needs to know."""

    queues: dict[str, Queue]
    agents: Sequence[Agent]
    files: dict[str, list[Attached]]
    domain: str
    secret: str
    rng: random.Random


@dataclass
class Ids:
    """The next free id of each table."""

    next: dict[str, int]

    def give(self, table: str) -> int:
        found = self.next[table]
        self.next[table] = found + 1
        return found


@dataclass
class Rows:
    """The rows of a chunk of cases, by table."""

    world: World
    ids: Ids
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    words: list[tuple[int, list[tuple[str, set[str]]]]] = field(default_factory=list)

    def add(self, thread: Thread) -> None:
        """Everything of one case."""
        case_id, number = self.ids.give("cases"), self.ids.give("case_numbers")
        writer, said = thread.writer, thread.said
        messages = [self._message(thread, one, case_id, number) for one in said]
        events = self._events(thread, case_id, number, messages)
        owner = None if thread.owner is None else self.world.agents[thread.owner].id
        claimed = next((done.at for done in thread.done if done.kind == "claimed"), None)
        spoken = [one for one in said if one.direction != "note"]
        closed = stamp(thread.done[-1].at) if thread.status == "closed" else None
        self.tables["cases"].append(
            (
                *(case_id, number, self.world.queues[thread.queue].id, thread.subject, thread.status, owner),
                *(stamp(claimed), writer.customer_id, writer.contact_id, "mail", stamp(said[0].at)),
                *(stamp(self._waits_since(thread, spoken)), closed, snippet(spoken[-1].text)),
                *(writer.name, writer.address, events),
            )
        )
        self.tables["participants"].append((case_id, writer.address, writer.name))
        people = f"{writer.name} {writer.address} {writer.company}"
        text = " ".join(one.text for one in said)
        weighed = [("A", words_of(f"{number} {thread.subject}")), ("B", words_of(people)), ("C", words_of(text))]
        self.words.append((case_id, weighed))

    def find_words(self, stems: Stems) -> None:
        """Turn the words gathered so far into rows of the search index."""
        stems.learn(words for _case, weighed in self.words for _weight, words in weighed)
        self.tables["case_words"] = [(case_id, stems.vector(weighed)) for case_id, weighed in self.words]

    def _waits_since(self, thread: Thread, spoken: list[Said]) -> float:
        """Open: since the customer's first word that nobody answered. Waiting: since our last."""
        answered = [at for at, one in enumerate(spoken) if one.direction == "out"]
        if thread.status != "open":
            return spoken[answered[-1]].at if answered else spoken[-1].at
        return spoken[answered[-1] + 1].at if answered else spoken[0].at

    def _message(self, thread: Thread, said: Said, case_id: int, number: int) -> int:
        message_id = self.ids.give("messages")
        writer, queue = thread.writer, self.world.queues[thread.queue]
        agent = None if said.by is None else self.world.agents[said.by]
        at, unique = stamp(said.at), "".join(self.world.rng.choices(LETTERS, k=13))
        subject, outbound, mail_id = thread.subject, None, f"<{unique}@{writer.address.split('@')[1]}>"
        name, address, to = writer.name, writer.address, [[queue.name, queue.address]]
        if agent is not None:
            name, address, to = agent.name, queue.address, [[writer.name, writer.address]]
            token = seal(self.world.secret, PURPOSE, str(case_id), writer.address)
            mail_id, subject = f"<c{case_id}.{unique}.{token}@{self.world.domain}>", f"Re: {subject} [#{number}]"
            if said.direction == "out":
                outbound = self._outbound(thread, said, agent, (case_id, mail_id, subject))
            else:
                mail_id, to, subject = "", [], ""
        self.tables["messages"].append(
            (
                *(message_id, case_id, said.direction, at, agent.id if agent else None, name, address),
                *(json.dumps(to, ensure_ascii=False), subject, said.text, mail_id, outbound),
            )
        )
        if said.file:
            self._attach(message_id, said.file)
        return message_id

    def _attach(self, message_id: int, kind: str) -> None:
        rng = self.world.rng
        file = rng.choice(self.world.files[kind])
        name = f"{file.stem}-{rng.randint(1000, 99_999)}.{file.kind}"
        row = (message_id, file.kept.sha256, name, file.content_type, file.kept.size)
        self.tables["attachments"].append(row)

    def _outbound(self, thread: Thread, said: Said, agent: Agent, mail: tuple[int, str, str]) -> int:
        outbound = self.ids.give("outbound_mails")
        case_id, mail_id, subject = mail
        at, queue, writer = stamp(said.at), self.world.queues[thread.queue], thread.writer
        self.tables["outbound_mails"].append(
            (
                *(outbound, case_id, "answer", mail_id, f"{agent.name} · {queue.name}", queue.address, subject),
                *(said.text, "", "sent", 1, at, at, agent.id, stamp(said.at + 2), "[]", "[]"),
            )
        )
        self.tables["outbound_recipients"].append((outbound, "to", writer.name, writer.address, "sent", at))
        return outbound

    def _events(self, thread: Thread, case_id: int, number: int, messages: list[int]) -> int:
        """The journal and the customer's timeline; the id of the last event that an answer must have seen."""
        seen, writer = 0, thread.writer
        for done in thread.done:
            event_id, at = self.ids.give("case_events"), stamp(done.at)
            actor = None if done.by is None else self.world.agents[done.by].id
            message = None if done.said is None else messages[done.said]
            self.tables["case_events"].append((event_id, case_id, at, done.kind, actor, message))
            seen = event_id if done.kind in MUST_BE_SEEN else seen
            if done.kind in ON_TIMELINE:
                self.tables["timeline_entries"].append(
                    (writer.customer_id, writer.contact_id, at, done.kind, thread.subject, number, actor)
                )
        return seen


def stamp(at: float | None) -> str | None:
    """A moment as PostgreSQL reads it."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def snippet(text: str) -> str:
    """The beginning, on one line."""
    return " ".join(text[:400].split())[:200]


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """Rows in COPY's text format."""
    for row in rows:
        yield "\t".join(["\\N" if value is None else escape(value) for value in row]) + "\n"


def escape(value: Any) -> str:
    """A value in COPY's text format."""
    if not isinstance(value, str):
        return str(value)
    if "\\" in value or "\n" in value or "\t" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return value
