"""Several programs as one: started together, their lines told apart, restarted when they die, ended together."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from helpdesk.embedded.groups import POLITELY, end_groups, end_leftovers, remember
from helpdesk.embedded.processes import EmbeddedError, start_tied

CALM_AFTER_S = 60.0
"""A program that lived so long has recovered: its next restart is quick again."""
PAUSE_MAX_S = 30.0
END_WITHIN_S = 6.0
LOOK_EVERY_S = 0.2
GREEN, RED = 2, 1


class Server(Protocol):
    """PostgreSQL or Valkey, as their starts give it."""

    def is_running(self) -> bool: ...
    def stop(self) -> None: ...


@dataclass
class KeptServer:
    """A server of ours and how to start it again at the same address."""

    name: str
    server: Server
    start_again: Callable[[], Server]
    start_at: float = 0.0
    pause_s: float = 1.0

    def stop(self) -> None:
        """End the server that runs now, be it the first or a later one."""
        self.server.stop()


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
    """Keeps `programs`, and the servers below them, running until it is told to stop.

    Lives in the main thread: see start_tied. `record` is where it writes down what it started.
    """

    programs: list[Program]
    servers: list[KeptServer]
    environment: dict[str, str]
    folder: Path
    record: Path
    asked_to_stop: int = 0
    _print: threading.Lock = field(default_factory=threading.Lock)

    def run(self, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Start every program and keep it up; return once Ctrl-C or SIGTERM came and all have ended.

        `when_ready` is called once, as soon as `is_ready` says so.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for program in self.programs:
            self._launch(program)
        ready = False
        while not self.asked_to_stop:
            if not ready and is_ready():
                ready = True
                when_ready()
            self._restart_servers()
            self._restart_programs()
            time.sleep(LOOK_EVERY_S)
        self._stop()

    def say(self, name: str, line: str, colour: int) -> None:
        """One line of one program, with its name before it."""
        width = max(len(program.name) for program in self.programs)
        mark = f"\x1b[3{colour}m{name:>{width}}\x1b[0m" if sys.stdout.isatty() else f"{name:>{width}}"
        with self._print:
            print(f"{mark} │ {line}", flush=True)

    def _stop(self) -> None:
        """End every program; a second signal, or END_WITHIN_S, ends them at once."""
        self.say("desk", "ending … (Ctrl-C again ends it at once)", GREEN)
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
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self.say(program.name, text, program.colour)

    def _restart_programs(self) -> None:
        present = time.monotonic()
        for program in self.programs:
            child = program.child
            if child is not None and child.poll() is not None:
                end_groups({child.pid}, POLITELY)  # Its own children may have outlived it.
                if present - program.started_at > CALM_AFTER_S:
                    program.pause_s = 1.0
                self.say(program.name, f"ended ({child.returncode}); starts again in {program.pause_s:.0f} s", RED)
                program.child, program.start_at = None, present + program.pause_s
                program.pause_s = min(PAUSE_MAX_S, program.pause_s * 2)
            elif child is None and present >= program.start_at:
                self._launch(program)

    def _restart_servers(self) -> None:
        for kept in self.servers:
            if kept.server.is_running():
                kept.pause_s = 1.0
            elif time.monotonic() >= kept.start_at:
                self.say("desk", f"{kept.name} ended; starting it again", RED)
                kept.server.stop()
                try:
                    kept.server = kept.start_again()
                except EmbeddedError as error:
                    self.say("desk", str(error), RED)
                    kept.start_at = time.monotonic() + kept.pause_s
                    kept.pause_s = min(PAUSE_MAX_S, kept.pause_s * 2)
