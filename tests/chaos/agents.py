"""Agents at work over HTTP: they claim, answer, close and merge, and click again when nothing came back."""

import http.client
import random
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape

from tests.chaos.desk import Desk

TIMEOUT_S = 30
PAUSE_S = 0.3
FAILURES = (OSError, http.client.HTTPException)


@dataclass
class Said:
    """An answer that an agent sent: `mark` stands in its text. `clicks`: how often, until something came back."""

    mark: str
    number: int
    clicks: int = 0
    acknowledged: bool = False
    refused: bool = False


@dataclass
class Office:
    """The agents, what they did, and what the desk said yes to."""

    desk: Desk
    seed: int
    merges: float = 0.1
    """The share of cases that are merged into another."""
    said: list[Said] = field(default_factory=list)
    claimed: dict[int, int] = field(default_factory=dict)
    """Case number → the agent whose claim was acknowledged."""
    closed: set[int] = field(default_factory=set)
    merged: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def run(self, rest_s: float) -> None:
        """Let every agent work in the background, with `rest_s` between two cases, until `over`."""
        for number in range(len(self.desk.cookies)):
            work = threading.Thread(target=self._work, args=(number, rest_s), daemon=True)
            self._threads.append(work)
            work.start()

        screen = threading.Thread(target=self._watch, daemon=True)
        screen.start()

    def _watch(self) -> None:
        """A screen that is open all day: its stream is opened again whenever it ends."""
        while not self.over.wait(PAUSE_S):
            asked = urllib.request.Request(f"{self.desk.web_url}/live", headers={"Cookie": self.desk.cookies[0]})
            with suppress(*FAILURES), urllib.request.urlopen(asked, timeout=TIMEOUT_S) as stream:
                while not self.over.is_set() and stream.readline():
                    pass

    def is_at_work(self) -> bool:
        """Whether a click is still under way; set `over` first."""
        return any(work.is_alive() for work in self._threads)

    def _work(self, number: int, rest_s: float) -> None:
        chance = random.Random(f"{self.seed}agent{number}")
        agent = _Agent(self, number)
        while not self.over.wait(rest_s):
            with suppress(*FAILURES):
                agent.take_a_case(chance)

    def new_answer(self, case: int) -> Said:
        """The next answer, with a mark of its own."""
        with self._lock:
            self.said.append(Said(f"a{len(self.said):06}", case))
            return self.said[-1]


class _Agent:
    def __init__(self, office: Office, number: int):
        self.office, self.number = office, number
        self.cookie = office.desk.cookies[number]
        self.token = ""

    def take_a_case(self, chance: random.Random) -> None:
        """Choose one of the list, make it mine, answer it; sometimes close it or merge it into another."""
        _status, page = self.get("/cases?view=unclaimed")
        numbers = [int(found) for found in dict.fromkeys(re.findall(r"/cases/(\d+)/claim", page))]
        if not numbers:
            return
        case = chance.choice(numbers)
        if self.click(f"/cases/{case}/claim", {}) != 200:
            return
        self.office.claimed[case] = self.number
        if len(numbers) > 1 and chance.random() < self.office.merges:
            into = next(other for other in numbers if other != case)
            if self.click(f"/cases/{case}/merge", {"into": str(into)}) == 200:
                self.office.merged.add(case)
            return
        self.answer(case, then_close=chance.random() < 0.5)

    def answer(self, case: int, *, then_close: bool) -> None:
        """Write to the customer; the same click again until something comes back."""
        _status, page = self.get(f"/cases/{case}")
        seen = re.search(r'name="seen"[^>]*value="(\d+)"', page)
        if seen is None:
            return
        said = self.office.new_answer(case)
        form = {"kind": "answer", "text": f"Here is {said.mark}. Try the blue cable.", "seen": seen[1]}
        status = self.click(f"/cases/{case}/write", form | ({"then": "close"} if then_close else {}), said)
        said.acknowledged, said.refused = status == 200, status in (409, 400, 404)
        closes = said.acknowledged and not then_close and int(said.mark[1:]) % 3 == 0
        if closes and self.click(f"/cases/{case}/close", {}) == 200:
            self.office.closed.add(case)

    def get(self, path: str) -> tuple[int, str]:
        """A page, once; raises what the network raises."""
        asked = urllib.request.Request(self.office.desk.web_url + path, headers={"Cookie": self.cookie})
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
                page = answer.read().decode()
                cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
                self.cookie = cookie if cookie.startswith("helpdesk=") else self.cookie
        except urllib.error.HTTPError as refusal:
            return refusal.code, ""
        if found := re.search(r'name="csrf-token" content="([^"]+)"', page):
            self.token = unescape(found[1])
        return 200, page

    def click(self, path: str, form: dict[str, str], said: Said | None = None) -> int:
        """Send a form until the desk says something that is not an excuse; 200 when it did what was asked."""
        while True:
            if said:
                said.clicks += 1
            with suppress(*FAILURES):
                status = self._post(path, form)
                if status < 500 and status != 429:
                    return status
            # A claim that nobody saw the answer to is clicked again; it changes nothing then.
            if self.office.over.wait(PAUSE_S):
                return 0

    def _post(self, path: str, form: dict[str, str]) -> int:
        data = urllib.parse.urlencode({**form, "csrf_token": self.token}).encode()
        asked = urllib.request.Request(self.office.desk.web_url + path, data, {"Cookie": self.cookie})
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(asked, timeout=TIMEOUT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return 200 if refusal.code in (302, 303) else refusal.code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
