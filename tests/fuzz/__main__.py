"""`make fuzz`: for so many minutes, inputs at random for everything that reads what strangers send.

Rounds of the tests in this folder, each from another seed, and beside them atheris, which looks for mails that reach
code that none before has reached. Ends with 1 when anything broke. What atheris found is kept in var/fuzz/.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table

from tests.fuzz.mails import SEEDS

KEPT = Path("var/fuzz")
ROUND_S = 90
"""About how long a round lasts on one quiet core; the last one may be shorter."""
TIMES = 5
ATHERIS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-use_value_profile=0", f"-artifact_prefix={KEPT}/"]


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    asked = _asked(arguments)
    console = Console()
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    console.print(f"SEED={seed}")
    ends_at = time.monotonic() + asked.minutes * 60
    counts: Counter[str] = Counter()
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "atheris.log")
        with log.open("wb") as output:
            hunter = _hunt(output, seed, asked.minutes * 60) if find_spec("atheris") else None
            try:
                _rounds(console, seed, ends_at, (counts, broken))
            finally:
                if hunter is not None:
                    _end(hunter, max(1.0, ends_at - time.monotonic() + 30))
        if hunter is None:
            console.print(
                "atheris is not installed here (it has wheels for Linux on x86-64 only): Hypothesis went alone."
            )
        else:
            words = _what_atheris_says(log.read_text(errors="replace"), hunter.returncode, counts)
            console.print(*words, markup=False, highlight=False, style="red")
            broken += words
    _show(console, counts, broken, seed)
    return 1 if broken else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--seed", type=int, help="of the first round (default: any)")
    return parser.parse_args(arguments)


def _rounds(console: Console, seed: int, ends_at: float, found: tuple[Counter[str], list[str]]) -> None:
    """Rounds of the tests until the time is over, at least one."""
    counts, broken = found
    number = 0
    while number == 0 or time.monotonic() < ends_at:
        left_s = ends_at - time.monotonic()
        times = max(1, min(TIMES, round(TIMES * left_s / ROUND_S)))
        began = time.monotonic()
        tried, words = _round(seed + number, times)
        counts.update(tried)
        broken += words
        took_s = time.monotonic() - began
        inputs = sum(count for name, count in tried.items() if not name.endswith("xx"))
        console.print(
            f"round {number + 1}, seed {seed + number}: {inputs:,} inputs in {took_s:.0f} s, {len(words)} broke"
        )
        for text in words:
            console.print(text, markup=False, highlight=False, style="red")
        number += 1


def _round(seed: int, times: int) -> tuple[Counter[str], list[str]]:
    """One run of the tests: how much was tried, and what broke."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts.json")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}", "tests/fuzz"],
            env={**os.environ, "FUZZ_TIMES": str(times), "FUZZ_COUNTS": str(counts)},
            capture_output=True,
            text=True,
            check=False,
        )
        tried = Counter(json.loads(counts.read_text())) if counts.exists() else Counter[str]()
    if done.returncode == 0:
        return tried, []
    failures = re.split(r"(?m)^_{3,} .+ _{3,}$", done.stdout)[1:] or [done.stdout + done.stderr]
    return tried, [failure[-4000:] for failure in failures]


def _hunt(output: IO[bytes], seed: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start atheris on what it knew before and on the seeds."""
    corpus = KEPT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    limits = [*ATHERIS, f"-max_total_time={max(1, round(seconds))}", f"-seed={seed + 1}"]
    command = [sys.executable, "-m", "tests.fuzz.atheris_mail", *limits, str(corpus), str(SEEDS)]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _end(hunter: subprocess.Popen[bytes], patience_s: float) -> None:
    try:
        hunter.wait(patience_s)
    except subprocess.TimeoutExpired:
        hunter.kill()
        hunter.wait()


def _what_atheris_says(log: str, code: int, counts: Counter[str]) -> list[str]:
    """Add its count; a sentence with the end of its log when it broke off."""
    runs = re.findall(r"(?m)^#(\d+)\s", log)
    counts["mails, by coverage (atheris)"] += int(runs[-1]) if runs else 0
    return [] if code == 0 else [f"atheris ended with {code}; the input is in {KEPT}/\n{log[-4000:]}"]


def _show(console: Console, counts: Counter[str], broken: list[str], seed: int) -> None:
    table = Table(title="What was tried")
    for name in ("target", "inputs", "2xx", "3xx", "4xx", "5xx"):
        table.add_column(name, justify="left" if name == "target" else "right")
    for target in sorted(name for name in counts if not name.endswith("xx")):
        answers = [counts[f"{target} {kind}xx"] for kind in (2, 3, 4, 5)]
        table.add_row(target, f"{counts[target]:,}", *(f"{count:,}" if any(answers) else "" for count in answers))
    console.print(table)
    total = sum(count for name, count in counts.items() if not name.endswith("xx"))
    if broken:
        console.print(f"[bold red]{len(broken)} things broke, from SEED={seed}.[/bold red]")
    else:
        console.print(f"[bold]{total:,} inputs: 0 crashes, 0 answers of 500, 0 rows half-written.[/bold]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
