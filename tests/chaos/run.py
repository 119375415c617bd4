"""The two trials: a death at every point, and everything at once."""

import random
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.chaos.agents import Office
from tests.chaos.balance import Balance, balance, is_quiet, what_is_left
from tests.chaos.desk import Desk, Pulse
from tests.chaos.faults import Weather, prepare
from tests.chaos.post import WEIGHTS, Post

QUIET_WITHIN_S = 120.0
LOOK_EVERY_S = 0.5
PREPARE_EVERY_S = 4.0
FEW_MERGES, MANY_MERGES = 0.1, 0.4
UNDER_LOAD = {"smtp": 0.5, "lmtp": 0.5, "imap": 1.2, "pipe": 0.4, "form": 0.8, "api": 0.8}
"""Mails a second by each door, while everybody dies."""


@dataclass
class Trial:
    """A desk under load. `say` is told how far it is: a share from 0 to 1, and a sentence."""

    desk: Desk
    seed: int
    say: Callable[[float, str], None] = lambda share, sentence: None

    def __post_init__(self) -> None:
        self.post = Post(self.desk, self.seed)
        self.office = Office(self.desk, self.seed)
        self.pulse = Pulse(self.desk)

    def begin(self, rates: Mapping[str, float], rest_s: float, for_s: float = 3600.0) -> None:
        """Mail at so many a second by each door, and the agents at work."""
        self.post.enough.clear()
        self.office.over.clear()
        self.post.run({door: max(1, round(rate * for_s)) for door, rate in rates.items()}, for_s)
        self.office.run(rest_s)

    def die_at(self, points: Mapping[str, int], within_s: float) -> set[str]:
        """Ask for a death at each point, at its so-manieth passing, and wait; the points where nobody died."""
        self.office.merges = MANY_MERGES
        for point, passings in points.items():
            self.desk.ask_to_die(point, passings)
        prepared_at = 0.0

        def is_over() -> bool:
            nonlocal prepared_at
            left = self.desk.still_asked()
            if time.monotonic() > prepared_at + PREPARE_EVERY_S:
                prepared_at = time.monotonic()
                for point in left:
                    prepare(self.desk, point)
                if any(point.startswith("sweep.inbound") for point in left):
                    self.post.deliver_unheard(rest_s=2.0)
            return not left

        self.pulse.until(is_over, within_s)
        left = self.desk.still_asked()
        self.desk.ask_nothing()
        self.desk.smtp.after_dot.clear()
        return left

    def storm(self, for_s: float, weather: Weather) -> None:
        """Faults at random for so long."""
        started = time.monotonic()
        while (gone := time.monotonic() - started) < for_s:
            self.desk.keep_up()
            weather.look()
            self.say(gone / for_s, self._so_far(weather))
            time.sleep(0.05)
        weather.clear_up()

    def _so_far(self, weather: Weather) -> str:
        acknowledged = sum(sent.acknowledged for sent in self.post.everything)
        faults = sum(weather.happened.values())
        return f"{acknowledged:,} mails, {len(self.office.said):,} answers, {faults:,} faults"

    def settle(self) -> tuple[Balance, float]:
        """Send nothing new, wait for quiet, and count; the balance, and how many seconds it took to become quiet."""
        started = time.monotonic()
        self.post.enough.set()
        self.pulse.until(self.post.is_done, QUIET_WITHIN_S)
        self.say(1.0, f"all acknowledged after {time.monotonic() - started:.1f} s")
        self.pulse.until(self._is_closed, QUIET_WITHIN_S)
        self.say(1.0, f"all agents gone after {time.monotonic() - started:.1f} s")
        is_still = self.pulse.until(lambda: is_quiet(self.desk, self.post), QUIET_WITHIN_S, every_s=LOOK_EVERY_S)
        seconds = time.monotonic() - started
        found = balance(self.desk, self.post, self.office)
        if not is_still:
            found.wrong.insert(0, f"not quiet after {seconds:.0f} s: {what_is_left(self.desk, self.post)}")
        return found, seconds

    def _is_closed(self) -> bool:
        self.office.over.set()
        return not self.office.is_at_work()


def rates(mails_per_s: float) -> dict[str, float]:
    """So many mails a second, shared among the doors."""
    whole = sum(WEIGHTS.values())
    return {door: mails_per_s * weight / whole for door, weight in WEIGHTS.items()}


def everything(trial: Trial, minutes: float, mails: int) -> tuple[Balance, float, Weather]:
    """So many mails in so many minutes, with faults all the while."""
    seconds = minutes * 60
    trial.pulse.until(lambda: is_up(trial.desk), 60)
    trial.begin(rates(mails / seconds), rest_s=max(0.05, min(1.0, seconds / mails * 3)), for_s=seconds)
    trial.office.merges = FEW_MERGES
    weather = Weather(trial.desk, random.Random(trial.seed))
    trial.storm(seconds, weather)
    found, quiet_s = trial.settle()
    return found, quiet_s, weather


def is_up(desk: Desk) -> bool:
    """Whether every program answers for the first time."""
    try:
        with urllib.request.urlopen(f"{desk.web_url}/health", timeout=2):
            pass
        for door in ("SMTP_DOOR_PORT", "LMTP_DOOR_PORT"):
            socket.create_connection(("127.0.0.1", int(desk.settings[door])), 2).close()
    except OSError:
        return False
    return True
