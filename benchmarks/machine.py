"""On what, when, and of which code a run was made: a figure without it says nothing."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
HISTORY = ROOT / "benchmarks" / "README.md"
QUIET_LOAD = 0.3


def described() -> str:
    """Processor, cores, memory, and whether anything else was running when we began."""
    load = os.getloadavg()[0]
    calm = "quiet" if load <= QUIET_LOAD else f"NOT quiet, load average {load:.1f}"
    memory = psutil.virtual_memory().total / 2**30
    return f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {calm}; Python {platform.python_version()}"


def processor() -> str:
    """What the processor calls itself."""
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def commit() -> str:
    """The short hash of what is checked out, and whether it was changed since."""
    hash_ = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return f"{hash_}{', changed' if changed else ''}" if hash_ else "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip() if done.returncode == 0 else ""


def section(machine: str, options: str, table: str, verdict: str) -> str:
    """A run as a section of the history."""
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"### {when}, {commit()}\n\n{machine}\n\n`python -m benchmarks {options}`\n\n{table}\n\n{verdict}\n"


def keep(text: str) -> None:
    """Put a run at the end of the history."""
    before = HISTORY.read_text(encoding="utf-8").rstrip("\n")
    HISTORY.write_text(f"{before}\n\n{text}", encoding="utf-8")
