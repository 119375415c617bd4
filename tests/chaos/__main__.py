"""`make chaos`: a death at every point, RUNS times each, and then an hour of everything.

`make chaos MINUTES=5` is the short form of the hour alone, `make chaos RUNS=3 POINTS=smtp.dot_sent,mail_in.placed`
only deaths. SEED=… chooses the faults. Ends with 1 when a line does not balance.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from helpdesk.core.kill_points import POINTS
from tests.chaos.desk import Desk, running_desk, short_folder
from tests.chaos.faults import some_passing
from tests.chaos.run import UNDER_LOAD, Trial, everything, is_up

MAILS_PER_HOUR = 10_000
DEATHS_WITHIN_S = 180.0


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    asked = _asked(arguments)
    console = Console()
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    console.print(f"SEED={seed}")
    both = asked.minutes is None and asked.runs is None and not asked.points
    wrong = 0
    if both or asked.runs is not None or asked.points:
        points = asked.points.split(",") if asked.points else list(POINTS)
        if unknown := set(points) - set(POINTS):
            console.print(f"There is no point called {', '.join(sorted(unknown))}.")
            return 2
        wrong += _deaths(console, seed, points, asked.runs or 50)
    if both or asked.minutes is not None:
        wrong += _everything(console, seed, asked.minutes or 60.0)
    return 1 if wrong else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, help="everything at once, for so long (default 60)")
    parser.add_argument("--seed", type=int, help="chooses the faults (default: any)")
    parser.add_argument("--runs", type=int, help="deaths at each point (default 50)")
    parser.add_argument("--points", default="", help="names, separated by commas (default: every one)")
    return parser.parse_args(arguments)


def _deaths(console: Console, seed: int, points: list[str], runs: int) -> int:
    """So many rounds, in each of them a death at every point; how many lines did not balance."""
    chance, died, wrong = random.Random(seed), Counter[str](), 0
    with short_folder() as folder, running_desk(folder) as desk:
        trial = Trial(desk, seed)
        trial.pulse.until(lambda: is_up(desk), 60)
        for number in range(runs):
            started = time.monotonic()
            trial.begin(UNDER_LOAD, rest_s=0.5)
            left = trial.die_at({point: some_passing(point, chance) for point in points}, DEATHS_WITHIN_S)
            found, quiet_s = trial.settle()
            died.update(set(points) - left)
            wrong += len(found.wrong) + len(left)
            console.print(
                f"round {number + 1} of {runs}: {len(points) - len(left)} deaths in "
                f"{time.monotonic() - started - quiet_s:.0f} s, quiet after {quiet_s:.0f} s, "
                f"{len(found.wrong)} lines do not balance"
                + (f"; nobody passed {', '.join(sorted(left))}" if left else "")
            )
            for sentence in found.wrong[:10]:
                console.print(f"  [red]{sentence}[/red]")
        found.show(console)
        fewest = min(died[point] for point in points)
        console.print(f"{died.total():,} deaths at {len(points)} points, at least {fewest} at each.")
        _say_what_was_logged(console, desk)
    return wrong


def _everything(console: Console, seed: int, minutes: float) -> int:
    """Everything at once; how many lines did not balance."""
    mails = max(60, round(MAILS_PER_HOUR * minutes / 60))
    console.print(f"{mails:,} mails by six doors in {minutes:g} minutes, agents at work, faults all the while")
    columns = (TextColumn("{task.description:<55}"), BarColumn(), TimeElapsedColumn())
    with short_folder() as folder, running_desk(folder) as desk:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            bar = progress.add_task("starting", total=1.0)
            trial = Trial(desk, seed, lambda share, said: progress.update(bar, completed=share, description=said))
            found, quiet_s, weather = everything(trial, minutes, mails)
        found.show(console)
        what = ", ".join(f"{count} × {kind}" for kind, count in weather.happened.most_common())
        console.print(f"Quiet {quiet_s:.0f} s after the last fault. The faults: {what}.")
        console.print(f"Ended programs: {dict(desk.deaths)}. Deaths at points: {len(weather.died)}.")
        _say_what_was_logged(console, desk)
    return len(found.wrong)


def _say_what_was_logged(console: Console, desk: Desk) -> None:
    """Stack traces: most of them are the faults themselves, told by whoever met them."""
    lines = Counter(line[:150] for line in desk.tracebacks() if "WorkerLost" not in line)
    for line, count in lines.most_common(12):
        console.print(f"  {count} × {line}", style="dim", highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
