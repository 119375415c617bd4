"""The program that measures does not rot: it runs, small, over real servers and processes, and prints every line."""

import subprocess
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.table import Table

LINES = [
    "mails: Python's email, parse",
    "mails: Python's email, full read",
    "mails: our reader alone",
    *(f"page, 200 cases: {name}, p50" for name in ("queue", "case of 10 messages", "answer", "customers")),
    *(f"page, 200 cases: search, {what} p95" for what in ("a common word,", "a rare word,", "two words,")),
    "page, 200 cases: bare Flask page, p50",
    "page, 200 cases: queue, 8 at once",
    "bytes of the first visit",
    "bytes of the next page",
    "ingest, 200 cases, by the door's act",
    "ingest, 200 cases, by LMTP",
    "processor time a mail",
]


def test_the_program_that_measures_runs_and_prints_every_line(repository: Path) -> None:
    small = ["--mails", "20", "--cases", "200", "--rounds", "4", "--only", "ingest,pages,bytes"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *small], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in LINES if line not in done.stdout] == []
    # Whatever they cost here, all mails have an outcome, and the bytes are the same everywhere.
    assert {line.rsplit(maxsplit=1)[-1] for line in done.stdout.splitlines() if " outcomes " in line} == {"yes"}
    assert {line.rsplit(maxsplit=1)[-1] for line in done.stdout.splitlines() if line.startswith("bytes")} == {"yes"}
    assert "marks met" in done.stdout


def test_a_figure_is_judged_by_its_mark() -> None:
    table = Table()
    table.most("slow page", 20.0, "ms", 15.0, 4.0)
    table.least("fast door", 200.0, "mails/s", 100.0)
    table.just("plain", 1.0, "s")
    assert [line.met for line in table.lines] == [False, True, None]
    assert "| slow page | 20.0 ms | ≤ 15.0 ms | 5.00 × | NO |" in table.as_markdown()
    assert table.verdict == "1 of 2 marks met; missed: slow page."


def test_a_kept_run_stands_at_the_end_of_the_history(tmp_path: Path, monkeypatch) -> None:
    history = tmp_path / "README.md"
    history.write_text("# Figures\n\n## History\n")
    monkeypatch.setattr(machine, "HISTORY", history)
    machine.keep(machine.section(machine.described(), "--million", "| a |", "1 of 1 marks met."))
    kept = history.read_text()
    assert kept.startswith("# Figures\n\n## History\n\n### 20")
    assert "cores" in kept
    assert kept.endswith("\n\n`python -m benchmarks --million`\n\n| a |\n\n1 of 1 marks met.\n")
