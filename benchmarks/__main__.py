"""`make bench`: the desk's figures beside yardsticks measured in the same run, in one table.

python -m benchmarks [--mails 1000] [--mails-dir DIR] [--cases 1000,100000] [--only ingest,pages,…] [--million] [--keep]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import first_visit, ingest, live, machine, memory, pages, yardstick
from benchmarks.desk import Desk, Servers, open_desk, servers
from benchmarks.mails import mails, mails_of
from benchmarks.table import Table

MEASURES = ("ingest", "pages", "live", "bytes", "memory", "load")
MILLION, MILLION_LOADED_WITHIN_S = 1_000_000, 900
AGENTS = 200


@dataclass
class Run:
    """What was asked for, and by number of cases what was found: mails/s, and the p50 of each page in milliseconds."""

    wanted: argparse.Namespace
    raws: Sequence[bytes]
    table: Table = field(default_factory=Table)
    full_read: float = 0.0
    rates: dict[int, float] = field(default_factory=dict)
    pages: dict[int, dict[str, float]] = field(default_factory=dict)

    def wants(self, measure: str) -> bool:
        """Whether this measure was asked for."""
        return measure in self.wanted.only


def main() -> None:
    """Measure on servers and in folders of our own; print a table, and keep it if asked to."""
    wanted = asked()
    surroundings = machine.described()
    print(f"{surroundings}; code {machine.commit()}", flush=True)
    raws = mails_of(wanted.mails_dir, wanted.mails) if wanted.mails_dir else mails(wanted.mails)
    run = Run(wanted, raws)
    run.table.head()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder, servers(Path(folder)) as given:
        if run.wants("ingest"):
            run.full_read = yardstick.measure(raws, run.table)
        for cases in wanted.cases:
            with open_desk(given, cases) as desk:
                measure(run, desk, is_last=cases == wanted.cases[-1])
        compare(run)
        if wanted.million:
            million(run, given)
    print(run.table.verdict, flush=True)
    if wanted.keep:
        said = " ".join(word for word in sys.argv[1:] if word != "--keep")
        machine.keep(machine.section(surroundings, said, run.table.as_markdown(), run.table.verdict))


def measure(run: Run, desk: Desk, *, is_last: bool) -> None:
    """Everything that is measured at this number of cases; what does not depend on it at the last one."""
    wanted, table = run.wanted, run.table
    before = memory.idle(desk)
    if run.wants("load") and desk.cases:
        table.just(f"demo load, {desk.cases:,} cases", desk.load_s, "s")
    ready = pages.prepare(wanted.rounds)
    if run.wants("pages"):
        run.pages[desk.cases] = pages.measure(desk, table, ready, wanted.rounds)
    if run.wants("bytes") and is_last:
        first_visit.measure(desk, table, ready)
    if run.wants("live") and is_last:
        live.measure(desk, table, wanted.agents, wanted.rounds)
    if run.wants("ingest"):
        run.rates[desk.cases] = ingest.measure(desk, run.raws, table, run.full_read)
    if run.wants("memory") and is_last:
        memory.measure(desk, table, wanted.memory_mails or wanted.mails, before, desk.browser(ready.agent))


def compare(run: Run) -> None:
    """The most cases beside the fewest: nothing may grow with them."""
    if len(run.wanted.cases) < 2:
        return
    few, many = min(run.wanted.cases), max(run.wanted.cases)
    if run.rates:
        ingest.growth((few, run.rates[few]), (many, run.rates[many]), run.table)
    if run.pages:
        pages.growth((few, run.pages[few]), (many, run.pages[many]), run.table)


def million(run: Run, given: Servers) -> None:
    """A million cases in a place of their own: how long the load takes, and the pages beside those with few cases."""
    with open_desk(given, MILLION) as desk:
        run.table.most(f"demo load, {MILLION:,} cases", desk.load_s, "s", MILLION_LOADED_WITHIN_S)
        ready = pages.prepare(run.wanted.rounds)
        found = pages.measure(desk, run.table, ready, run.wanted.rounds)
    if run.pages:
        few = min(run.pages)
        pages.growth((few, run.pages[few]), (MILLION, found), run.table)


def asked() -> argparse.Namespace:
    """The options."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description="Print the desk's figures.")
    options.add_argument("--mails", type=int, default=1000, help="how many mails are taken in")
    options.add_argument("--mails-dir", type=Path, help="a folder of .eml files to take in; else made-up ones")
    options.add_argument("--memory-mails", type=int, default=0, help="how many before memory is looked at again")
    options.add_argument("--cases", type=numbers, default=[1000, 100_000], help="numbers of cases, such as 1000,100000")
    options.add_argument("--only", type=measures, default=MEASURES, help=f"some of {','.join(MEASURES)}")
    options.add_argument("--million", action="store_true", help="the pages with a million cases too")
    options.add_argument("--rounds", type=int, default=80, help="requests of each page")
    options.add_argument("--agents", type=int, default=AGENTS, help="open streams")
    options.add_argument("--folder", type=Path, help="where the servers keep their data meanwhile")
    options.add_argument("--keep", action="store_true", help="add the table to benchmarks/README.md")
    return options.parse_args()


def numbers(text: str) -> list[int]:
    """1000,100000 as numbers."""
    return [int(part) for part in text.split(",")]


def measures(text: str) -> list[str]:
    """Names of measures. Raises ArgumentTypeError for one that is none."""
    names = text.split(",")
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(MEASURES)}")
    return names


if __name__ == "__main__":
    main()
