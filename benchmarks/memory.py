"""Resident memory of each process: idle, after a tenth of the mails, and after all of them."""

from benchmarks.browser import Browser
from benchmarks.desk import Desk
from benchmarks.ingest import a_queue, by_lmtp, run
from benchmarks.mails import mails
from benchmarks.processes import MB, Memory, family, memory
from benchmarks.table import Table

MOST_MB = 120
GROWTH_MOST = 1.05
"""From a tenth of the mails to all of them: what each process loads and caches once it has by then."""
BATCH = 500
PAGES = 100


def idle(desk: Desk) -> dict[str, Memory]:
    """Every process of the desk, as it is now."""
    return {name: used for program, child in desk.running.items() for name, used in memory(program, child.pid).items()}


def measure(desk: Desk, table: Table, count: int, before: dict[str, Memory], browser: Browser) -> None:
    """Deliver `count` mails over LMTP, look at PAGES pages in each tenth, and print what every process holds.

    `before` is idle() of a desk that has done nothing yet.
    """
    desk.tell(f"memory, {count:,} mails")
    queue, tenth, after_tenth = a_queue("memory"), max(1, count // 10), {}
    for at in range(0, count, min(BATCH, tenth)):
        run(desk, mails(min(BATCH, tenth, count - at), 20_000 + at), queue, by_lmtp)
        for _ in range(max(1, PAGES * min(BATCH, tenth) // tenth)):
            browser.get("/cases")
        if not after_tenth and at + min(BATCH, tenth) >= tenth:
            after_tenth = idle(desk)
    after = idle(desk)
    for name, now in after.items():
        first = before.get(name, now)
        table.most(f"memory, {name}: idle (PSS {first.pss:.0f})", first.rss, "MB", MOST_MB)
        table.most(f"memory, {name}: after {count:,} mails (PSS {now.pss:.0f})", now.rss, "MB", MOST_MB)
        if name in after_tenth:
            table.most(f"    beside after {tenth:,}", now.rss / after_tenth[name].rss, "×", GROWTH_MOST)
    for name, pid in (("PostgreSQL", desk.servers.postgres.pid), ("Valkey", desk.servers.valkey.pid)):
        total = sum(process.memory_full_info().pss for process in family(pid)) / MB
        table.just(f"memory, {name}, all its processes, PSS", total, "MB")
