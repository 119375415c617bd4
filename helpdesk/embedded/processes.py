"""Child processes that do not outlive their parent, and finding those that a crash left behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class EmbeddedError(RuntimeError):
    """A server of ours cannot start; the text is a sentence for the person at the keyboard."""


def start_tied(argv: list[str], *, when_orphaned: signal.Signals, **popen: Any) -> subprocess.Popen[bytes]:
    """Start `argv` as a direct child that the kernel sends `when_orphaned` to once the calling thread is gone.

    Call from the main thread: the kernel watches the thread, not the process. The child gets a session of its
    own, so that Ctrl-C at the terminal reaches the parent only. The tie is made after a change of user
    (`user=`), because that change would undo it.
    """
    popen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(argv, preexec_fn=_tie(when_orphaned), start_new_session=True, **popen)


def _tie(when_orphaned: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def in_the_child() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(when_orphaned), 0, 0, 0)
        if os.getppid() != parent:  # The parent died before the tie was made.
            os._exit(1)

    return in_the_child


def fingerprint(pid: int) -> str | None:
    """What tells process `pid` from a later one with the same number; None if there is no such process.

    Counted in clock ticks since the machine started, so a changed clock does not matter.
    """
    if sys.platform != "linux":
        try:
            return str(psutil.Process(pid).create_time())
        except psutil.Error:
            return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    # A zombie holds nothing any more.
    return None if fields[0] == "Z" else f"{boot}:{fields[19]}"


def left_in(folder: Path, program: str) -> list[psutil.Process]:
    """Processes of `program` (the file name it was started from) whose working directory is `folder`."""
    here = folder.resolve()
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.exe()).name == program and Path(process.cwd()) == here:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # Gone meanwhile, or another user's.
    return found


def end(processes: Iterable[psutil.Process], *steps: tuple[signal.Signals, float]) -> None:
    """End `processes`: each step is a signal and how many seconds it has to work. SIGKILL comes last by itself."""
    remaining = list(processes)
    for number, seconds in (*steps, (signal.SIGKILL, 5.0)):
        for process in remaining:
            try:
                process.send_signal(number)
            except psutil.Error:
                continue
        remaining = psutil.wait_procs(remaining, timeout=seconds)[1]
        if not remaining:
            return


def end_child(child: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """End one child of ours in `steps` of a signal and its seconds, with SIGKILL last, and collect it."""
    for number, seconds in (*steps, (signal.SIGKILL, 10.0)):
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
