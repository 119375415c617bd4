"""Reading mail from strangers: ordinary mail here, anything suspicious in a child with limits on time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from helpdesk.mail_reading.caps import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_WALL_S
from helpdesk.mail_reading.mail import Mail
from helpdesk.mail_reading.read import headers_only, read
from helpdesk.mail_reading.wire import load

_ORDINARY_BYTES = 12 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]
# How often each may stand in an ordinary mail. An attachment in base64 has none of them.
_COUNTED = (
    (b"\n--", 300),
    (b"multipart/", 30),
    (b"message/", 20),
    (b"boundary", 30),
    (b"=?", 2_000),
    (b"<div", 4_000),
    (b"<", 60_000),
    (b"\x00", 200_000),
)


def read_safely(raw: bytes) -> Mail:
    """Read a message; one mail can take 10 s of CPU and 512 MB at most, and the next is read all the same."""
    if is_ordinary(raw):
        return read(raw)
    started = time.perf_counter()
    if len(raw) > MAX_MESSAGE_BYTES:
        return headers_only(raw, ["Larger than is read; only its header was looked at."], started)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "helpdesk.mail_reading.child"],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MAX_WALL_S,
            cwd=_ROOT,
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
        )
        return load(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        problem = "Reading took more time or memory than one mail may have; only its header was looked at."
        return headers_only(raw, [problem], started)


def is_ordinary(raw: bytes) -> bool:
    """A linear look at size and shape that ordinary mail passes."""
    if len(raw) > _ORDINARY_BYTES:
        return False
    end = min((at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0), default=len(raw))
    if end > MAX_HEADER_BYTES * 2:
        return False
    return all(raw.count(mark) <= most for mark, most in _COUNTED)
