"""Writing a case's thread out of the matters.*.toml, as a person would have. Pure: a seed in, words out."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from helpdesk.demo.people import Writer, names
from helpdesk.demo.plan import Planned

HOUR_S = 3600.0
OF_COMPANIES = frozenset({"e_invoice", "upgrade", "quote", "reseller"})
"""Matters that a private person does not have."""


@dataclass(slots=True)
class Said:
    """One message: in, out or note. `by` is the place of an agent in the list of agents, None for the customer."""

    direction: str
    at: float
    text: str
    by: int | None = None
    file: str = ""


@dataclass(slots=True)
class Done:
    """One event. `said` is the place of its message in the thread, None for none."""

    kind: str
    at: float
    by: int | None = None
    said: int | None = None


@dataclass(slots=True)
class Thread:
    """Everything on a case."""

    queue: str
    subject: str
    writer: Writer
    status: str = "open"
    owner: int | None = None
    said: list[Said] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)


@cache
def matters(language: str) -> dict[str, Any]:
    """The phrases of a language, its matters by weight."""
    found = tomllib.loads(Path(__file__).with_name(f"matters.{language}.toml").read_text(encoding="utf-8"))
    found["by_weight"] = [one for one in found["matter"] for _ in range(one["weight"])]
    found["of_persons"] = [one for one in found["by_weight"] if one["kind"] not in OF_COMPANIES]
    found["signed"] = [closing for closing in found["closings"] if "{company}" not in closing]
    return found


class Author:
    """Writes threads. `agents` are the names of who answers. Nothing happens after `now` (seconds since 1970)."""

    def __init__(self, writers: Sequence[Writer], agents: Sequence[str], now: float):
        self.writers, self.agents, self.now = writers, agents, now
        self.rng = random.Random()

    def write(self, planned: Planned) -> Thread:
        """The thread of a case that came at `planned.at` and ends as `planned.fate`."""
        rng = self.rng
        rng.seed(planned.key)
        writer = rng.choice(self.writers)
        phrases = matters(writer.language)
        matter = rng.choice(phrases["by_weight" if writer.company else "of_persons"])
        slots = self._slots(writer, planned.at)
        thread = Thread(matter["queue"], rng.choice(matter["subjects"]).format_map(slots), writer)
        scribe = _Scribe(thread, matter, slots, rng)
        scribe.opens(planned.at)
        if planned.fate == "unclaimed":
            return thread
        agent = rng.randrange(len(self.agents))
        slots["agent"] = self.agents[agent]
        scribe.goes_on(agent, planned.fate)
        scribe.fits_before(self.now)
        return thread

    def _slots(self, writer: Writer, at: float) -> dict[str, Any]:
        rng, lists = self.rng, names()
        norwegian = writer.language == "nb"
        moment = datetime.fromtimestamp(at - rng.randint(2, 20) * 24 * HOUR_S, UTC)
        tail = "nb" if norwegian else "en"
        month = lists[f"months_{tail}"][moment.month - 1]
        amount = rng.randint(3, 90) * 100 + rng.choice((0, 49, 90, 99))
        thousands = f"{amount:,}"
        return {
            "name": writer.name,
            "first": writer.first,
            "company": writer.company or writer.name,
            "phone": writer.phone,
            "order": f"FL{rng.randint(10_000, 99_999)}",
            "invoice": rng.randint(20_000, 89_999),
            "amount": f"kr {thousands.replace(',', ' ')}" if norwegian else f"£{thousands}",
            "product": rng.choice(lists["products_nb" if norwegian else "products"]),
            "city": rng.choice(lists["cities" if norwegian else "cities_en"]),
            "street": rng.choice(lists["streets" if norwegian else "streets_en"]),
            "date": f"{moment.day}. {month}" if norwegian else f"{moment.day} {month}",
            "weekday": lists[f"weekdays_{tail}"][moment.weekday()],
            "month": month,
            "n": rng.randint(2, 24),
            "version": f"{rng.randint(3, 5)}.{rng.randint(0, 9)}",
            "agent": "",
        }


class _Scribe:
    """Fills one thread."""

    def __init__(self, thread: Thread, matter: dict[str, Any], slots: dict[str, Any], rng: random.Random):
        self.thread, self.matter, self.slots, self.rng = thread, matter, slots, rng
        self.phrases = matters(thread.writer.language)
        self.at = 0.0

    def opens(self, at: float) -> None:
        rng, phrases, matter = self.rng, self.phrases, self.matter
        self.at = at
        more = rng.sample(matter["more"], min(len(matter["more"]), rng.choice((0, 1, 1, 2))))
        body = " ".join([rng.choice(matter["opens"]), *more])
        closing = rng.choice(phrases["closings" if self.thread.writer.company else "signed"])
        with_file = bool(matter.get("file")) and rng.random() < 0.5
        text = f"{rng.choice(phrases['greetings'])}\n\n{body}\n\n{closing}"
        self._in("opened", text, matter["file"] if with_file else "")

    def goes_on(self, agent: int, fate: str) -> None:
        """Claimed, and then as far as `fate` says."""
        rng, thread = self.rng, self.thread
        thread.owner = agent
        self._after(0.2, 9)
        thread.done.append(Done("claimed", self.at, agent))
        if rng.random() < 0.18 and self.matter["notes"]:
            self._note(agent)
        if fate == "owned" and rng.random() < 0.55:
            return
        if rng.random() < 0.08:
            self._after(20, 60)
            self._in("wrote", rng.choice(self.phrases["chasers"]))
            self._out(agent, rng.choice(self.phrases["chaser_answers"]))
        self._out(agent, rng.choice(self.matter["answers"]))
        talks_on = rng.random() < 0.68
        if fate == "owned" or (talks_on and fate == "closed") or (fate == "waiting" and rng.random() < 0.4):
            self._after(0.5, 30)
            self._in("wrote", rng.choice(self.matter["replies"]))
            if fate == "owned":
                return
            self._out(agent, rng.choice(self.matter["ends"]))
        thread.status = "waiting"
        if fate == "closed":
            self._closes(agent)

    def _closes(self, agent: int) -> None:
        if self.rng.random() < 0.42:
            self._after(0.3, 20)
            self._in("wrote", self.rng.choice(self.phrases["thanks"]))
        self._after(0.05, 40)
        self.thread.done.append(Done("closed", self.at, agent))
        self.thread.status = "closed"

    def _after(self, least_h: float, most_h: float) -> None:
        self.at += (least_h + (most_h - least_h) * self.rng.random() ** 2) * HOUR_S

    def fits_before(self, end: float) -> None:
        """A thread that would reach into the future is told faster."""
        first, last = self.thread.said[0].at, self.at
        if last <= end - 60:
            return
        pace = (end - 60 - first) / (last - first)
        everything: list[Said | Done] = [*self.thread.said, *self.thread.done]
        for one in everything:
            one.at = first + (one.at - first) * pace

    def _in(self, kind: str, text: str, file: str = "") -> None:
        self._say(kind, Said("in", self.at, text.format_map(self.slots), None, file))

    def _out(self, agent: int, text: str) -> None:
        self._after(0.1, 8)
        phrases, rng = self.phrases, self.rng
        whole = f"{rng.choice(phrases['agent_greetings'])}\n\n{text}\n\n{rng.choice(phrases['agent_closings'])}"
        self._say("answered", Said("out", self.at, whole.format_map(self.slots), agent))

    def _note(self, agent: int) -> None:
        self._after(0.05, 1)
        self._say("noted", Said("note", self.at, self.rng.choice(self.matter["notes"]).format_map(self.slots), agent))

    def _say(self, kind: str, said: Said) -> None:
        self.thread.done.append(Done(kind, said.at, said.by, len(self.thread.said)))
        self.thread.said.append(said)
