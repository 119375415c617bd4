"""How long to wait before the next try."""

import random

FIRST_S, LONGEST_S = 60, 4 * 3600
JITTER = 0.25


def pause_s(delays: int, chance: float | None = None) -> int:
    """Seconds to wait after `delays` tries in a row that ended with "later" (1: the first).

    A minute, doubled each time up to four hours, a quarter more or less by `chance` (0 to 1), so that mails that met
    the same trouble do not all come back at once.
    """
    chance = random.random() if chance is None else chance
    pause = min(LONGEST_S, FIRST_S * 2 ** min(max(delays, 1) - 1, 20))
    return round(pause * (1 - JITTER + 2 * JITTER * chance))
