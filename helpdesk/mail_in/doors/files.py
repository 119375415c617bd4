"""Mails in files: one mail a file, an mbox, a Maildir, a folder, standard input. Nothing is moved or changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

FROM_LINE = re.compile(rb"^From \S+ .{0,80}\d{1,2}:\d{2}")
"""The line that begins a mail in an mbox (RFC 4155): sender and time. A sentence that begins with From has no time."""
ESCAPED_FROM = re.compile(rb"(?m)^>(>*From )")


@dataclass(frozen=True)
class Found:
    """A mail in a file: `name` says which, `raw` is None if it could not be read, and then `problem` says why."""

    name: str
    raw: bytes | None
    problem: str = ""


def files_in(path: Path) -> list[Path]:
    """The files behind a name: of a Maildir what is in new/ and cur/, of another folder what lies in it.

    Hidden files are left out. In order of name, so that a second run goes the same way.
    """
    if not path.is_dir():
        return [path]
    is_maildir = (path / "cur").is_dir() and (path / "new").is_dir()
    folders = [path / "new", path / "cur"] if is_maildir else [path]
    found = [one for folder in folders for one in folder.iterdir() if one.is_file() and not one.name.startswith(".")]
    return sorted(found, key=lambda one: one.name)


def mails_in(path: Path, max_bytes: int) -> Iterator[Found]:
    """The mails in one file: several if it is an mbox. What is larger than `max_bytes` is named and not read.

    An .eml file is one mail, even with the line before it that begins an mbox: some programs save mail so.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(1000)
            file.seek(0)
            if FROM_LINE.match(first) and path.suffix.lower() != ".eml":
                yield from _mbox(file, str(path), max_bytes)
            else:
                yield _one(file, str(path), max_bytes)
    except OSError as error:
        yield Found(str(path), None, error.strerror or str(error))


def mail_on(stream: BinaryIO, max_bytes: int) -> Found:
    """The one mail on standard input; the mbox line that some mail servers put before it is left out."""
    return _one(stream, "-", max_bytes)


def _one(file: BinaryIO, name: str, max_bytes: int) -> Found:
    raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        return _too_large(name, max_bytes)
    if FROM_LINE.match(raw[:1000]):
        raw = raw.partition(b"\n")[2]
    return Found(name, raw) if raw.strip() else Found(name, None, "there is no mail in it")


def _too_large(name: str, max_bytes: int) -> Found:
    return Found(name, None, f"it is larger than {max_bytes} bytes (MAIL_MAX_BYTES)")


def _mbox(file: BinaryIO, path: str, max_bytes: int) -> Iterator[Found]:
    """The mails of an mbox, one at a time in memory. Of several, the names are path:1, path:2 and so on."""
    lines: list[bytes] = []
    size = number = 0
    after_gap = True
    for line in file:
        if after_gap and FROM_LINE.match(line):
            if number:
                yield _mbox_mail(lines, size, f"{path}:{number}", max_bytes)
            number += 1
            lines, size = [], 0
        else:
            size += len(line)
            if size <= max_bytes:
                lines.append(line)
        after_gap = line in (b"\n", b"\r\n")
    yield _mbox_mail(lines, size, f"{path}:{number}" if number > 1 else path, max_bytes)


def _mbox_mail(lines: list[bytes], size: int, name: str, max_bytes: int) -> Found:
    if size > max_bytes:
        return _too_large(name, max_bytes)
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    raw = ESCAPED_FROM.sub(rb"\1", b"".join(lines))
    return Found(name, raw) if raw.strip() else Found(name, None, "there is no mail in it")
