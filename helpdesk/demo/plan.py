"""When each case came and what became of it. Pure: a moment and chance in, a plan out."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONTHS = 18
DAYS = MONTHS * 30.4
DAY_S = 86_400.0
HOUR_S = 3600.0
UNCLAIMED_HOURS = 5.0
OWNED_DAYS = 3.0
WAITING_DAYS = 12.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A case to come: opened at `at` (seconds since 1970), ending as `fate`: unclaimed, owned, waiting or closed.

    `key` seeds what is said in it, so that the same words come again whatever day it is loaded.
    """

    at: float
    fate: str
    key: int


def plan(cases: int, end: float, rng: random.Random) -> list[Planned]:
    """`cases` cases until `end` (seconds since 1970) in their order: a few unclaimed for some hours, most closed."""
    unclaimed = min(cases // 8 + 1, 18 + min(42, cases // 400))
    owned = min(cases // 8, 30 + min(120, cases // 200))
    waiting = min(cases // 6, 60 + min(1_000, cases // 100))
    # The oldest is told in hours on every screen.
    hours = [
        UNCLAIMED_HOURS - 0.1,
        *[0.05 + rng.random() ** 1.5 * (UNCLAIMED_HOURS - 0.2) for _ in range(unclaimed - 1)],
    ]
    ago = {
        "owned": [0.05 + rng.random() * OWNED_DAYS for _ in range(owned)],
        "waiting": [0.3 + rng.random() * WAITING_DAYS for _ in range(waiting)],
        # The company grows: more comes in the last month than in the first.
        "closed": [1 + (1 - rng.random() ** 0.75) * DAYS for _ in range(cases - unclaimed - owned - waiting)],
    }
    planned = [Planned(end - late * HOUR_S, "unclaimed", rng.getrandbits(60)) for late in hours]
    for fate, each in ago.items():
        planned += [Planned(_daytime(end - days * DAY_S, end, rng), fate, rng.getrandbits(60)) for days in each]
    planned.sort(key=lambda one: one.at)
    return planned


def _daytime(at: float, end: float, rng: random.Random) -> float:
    """Moved towards working hours and out of most weekends, never past `end`. Takes the same chances every day."""
    weekend, daytime, hour = rng.random(), rng.random(), rng.gauss(12.2, 2.6)
    moment = datetime.fromtimestamp(at, UTC)
    if moment.weekday() >= 5 and weekend < 0.8:
        moment -= timedelta(days=moment.weekday() - 4)
    if daytime < 0.85:
        minute = min(1439, max(0, int(hour * 60)))
        moment = moment.replace(hour=minute // 60, minute=minute % 60)
    found = moment.timestamp()
    return found if found < end - 600 else at
