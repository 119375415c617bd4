"""What a process and all its children have used: processor time and memory, as the system counts them."""

from contextlib import suppress
from dataclasses import dataclass

import psutil

MB = 1_000_000


def family(pid: int) -> list[psutil.Process]:
    """The process and its children, theirs too; the process first."""
    try:
        first = psutil.Process(pid)
        return [first, *sorted(first.children(recursive=True), key=lambda one: one.pid)]
    except psutil.Error:
        return []


def cpu_ms(pid: int) -> float:
    """Milliseconds of processor time of the family, those that ended among them. Counted in hundredths of a second."""
    total = 0.0
    for process in family(pid):
        with suppress(psutil.Error):
            spent = process.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total * 1000


@dataclass(frozen=True)
class Memory:
    """Resident MB of a process. `rss` counts shared pages whole, `pss` its share of them."""

    rss: float
    pss: float


def memory(name: str, pid: int) -> dict[str, Memory]:
    """Memory of each process of a family, by name: "web", "web child 1" and so on."""
    found = {}
    for at, process in enumerate(family(pid)):
        with suppress(psutil.Error):
            used = process.memory_full_info()
            found[f"{name} child {at}" if at else name] = Memory(used.rss / MB, used.pss / MB)
    return found
