"""How much is tried: little and always the same in `make test`, much and at random in `make fuzz`.

FUZZ_TIMES says how many times as much as `make test` tries; FUZZ_COUNTS names the file that gets the counts.
"""

import json
import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("FUZZ_TIMES", "0"))
COUNTS: Counter[str] = Counter()
"""Inputs by target; for pages also answers by status: `pages 4xx`."""


def tries(examples: int) -> settings:
    """So many examples in `make test`. Only a run at random remembers what failed, under .hypothesis/."""
    always_the_same = {} if TIMES else {"derandomize": True, "database": None}
    return settings(
        max_examples=examples * max(1, TIMES),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        **always_the_same,  # type: ignore[arg-type]
    )


def tried(target: str, status: int | None = None) -> None:
    """Count one input, and what it was answered."""
    COUNTS[target] += 1
    if status is not None:
        COUNTS[f"{target} {status // 100}xx"] += 1


def write_counts() -> None:
    """Leave the counts for whoever asked for them."""
    if path := os.environ.get("FUZZ_COUNTS"):
        Path(path).write_text(json.dumps(COUNTS))
