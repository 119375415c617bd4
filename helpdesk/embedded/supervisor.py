"""Several programs as one: started together, their lines told apart, restarted when they die, ended together."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from helpdesk.embedded.processes import end, fingerprint, start_tied

CALM_AFTER_S = 60.0
"""A program that lived so long has recovered: its next restart is quick again."""
PAUSE_MAX_S = 30.0
END_WITHIN_S = 8.0


@dataclass
class Program:
    """One program and what became of it."""

    name: str
    argv: list[str]
    colour: int
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 1.0


@dataclass
class Supervisor:
    """Keeps `programs` running until it is told to stop. Lives in the main thread: see start_tied."""

    programs: list[Program]
    environment: dict[str, str]
    folder: Path
    record: Path
    asked_to_stop: int = 0
    _print: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """End what a crash left behind, then start every program."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        end_leftovers(self.record)
        for program in self.programs:
            self._launch(program)

    def run(self) -> None:
        """Keep every program up; return once Ctrl-C or SIGTERM came and all have ended."""
        while not self.asked_to_stop:
            self._restart_the_dead()
            time.sleep(0.2)
        self.stop()

    def stop(self) -> None:
        """End every program; a second signal, or END_WITHIN_S, ends them at once."""
        self.say("desk", "ending …", 2)
        children = [program.child for program in self.programs if program.child and program.child.poll() is None]
        for child in children:
            child.send_signal(signal.SIGTERM)
        until = time.monotonic() + END_WITHIN_S
        while any(child.poll() is None for child in children):
            if time.monotonic() > until or self.asked_to_stop > 1:
                break
            time.sleep(0.05)
        end_leftovers(self.record)
        for child in children:
            child.wait()

    def say(self, name: str, line: str, colour: int) -> None:
        """One line of one program, with its name before it."""
        with self._print:
            width = max(len(program.name) for program in self.programs)
            mark = f"\x1b[3{colour}m{name:>{width}}\x1b[0m" if sys.stdout.isatty() else f"{name:>{width}}"
            print(f"{mark} │ {line}", flush=True)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.asked_to_stop += 1

    def _launch(self, program: Program) -> None:
        program.child = start_tied(
            program.argv,
            when_orphaned=signal.SIGTERM,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        program.started_at = time.monotonic()
        threading.Thread(target=self._relay, args=(program, program.child.stdout), daemon=True).start()
        remember(self.record, [one.child.pid for one in self.programs if one.child])

    def _relay(self, program: Program, output: IO[bytes]) -> None:
        for line in output:
            self.say(program.name, line.decode("utf-8", "replace").rstrip(), program.colour)

    def _restart_the_dead(self) -> None:
        present = time.monotonic()
        for program in self.programs:
            child = program.child
            if child is not None and child.poll() is not None:
                if present - program.started_at > CALM_AFTER_S:
                    program.pause_s = 1.0
                self.say(program.name, f"ended ({child.returncode}); starts again in {program.pause_s:.0f} s", 1)
                program.child, program.start_at = None, present + program.pause_s
                program.pause_s = min(PAUSE_MAX_S, program.pause_s * 2)
            elif child is None and present >= program.start_at:
                self._launch(program)


def remember(record: Path, pids: list[int]) -> None:
    """Write down which processes are ours, so that the next start can end what a crash of this one leaves."""
    record.write_text(json.dumps([[pid, fingerprint(pid)] for pid in pids]))


def end_leftovers(record: Path) -> None:
    """End the processes in `record`, and all in their groups, that still run."""
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        return
    groups = {pid for pid, mark in known if mark is not None}
    # A group outlives its leader. One whose number went to somebody else's process has a leader that we do not know.
    foreign = {pid for pid, mark in known if mark is not None and fingerprint(pid) not in (None, mark)}
    ours = [process for process in psutil.process_iter() if _group(process.pid) in groups - foreign]
    end(ours, (signal.SIGTERM, 3.0))
    record.unlink(missing_ok=True)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
