"""What a mail is once it has been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. `name` is what the writer called it and proves nothing; `email` is where mail goes."""

    name: str
    email: str

    @property
    def domain(self) -> str:
        """The part after the last @, in small letters; empty if there is none."""
        return self.email.rpartition("@")[2].lower() if "@" in self.email else ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the letter itself. `size` in bytes, after the transfer encoding is taken off."""

    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Automatic:
    """Nobody typed this mail. kind: auto_reply, list, bounce, report, receipt, loop or other."""

    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class BounceRecipient:
    """One address that a mail did not (or did) arrive at. `status` like 5.1.1, `code` like 550; each may be empty."""

    address: str
    status: str
    code: str
    permanent: bool
    feedback_type: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report about mail of ours. `original_message_id` is the mail it tells of, where it says so."""

    recipients: tuple[BounceRecipient, ...] = ()
    original_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail that the sender passed on; `note` is what the sender wrote above it. `date` as it stood there."""

    sender: Address | None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: str = ""
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Headers:
    """The header lines in the order they came, unfolded; values are text as sent (encoded words not decoded)."""

    lines: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name, whatever its case."""
        wanted = name.lower()
        return tuple(value for key, value in self.lines if key.lower() == wanted)

    def get(self, name: str, default: str = "") -> str:
        """The first value of that name."""
        wanted = name.lower()
        return next((value for key, value in self.lines if key.lower() == wanted), default)

    def __contains__(self, name: str) -> bool:
        wanted = name.lower()
        return any(key.lower() == wanted for key, _ in self.lines)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.lines)

    @property
    def authentication_results(self) -> tuple[str, ...]:
        """Every Authentication-Results line, newest first; the reader does not say which may be believed."""
        return self.all("Authentication-Results")

    @property
    def delivered_to(self) -> tuple[str, ...]:
        """Addresses that mail servers noted as the envelope's recipient, each once."""
        names = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
        found = (value.strip().strip("<>") for key, value in self.lines if key.lower() in names)
        return tuple(dict.fromkeys(address for address in found if address))

    @property
    def auto_submitted(self) -> str:
        """The first word of Auto-Submitted in small letters, or an empty string."""
        return self.get("Auto-Submitted").partition(";")[0].strip().lower()

    @property
    def return_path(self) -> str | None:
        """The envelope sender without brackets; empty for the null sender; None if it was not noted."""
        if "Return-Path" not in self:
            return None
        return self.get("Return-Path").strip().strip("<>").strip()

    @property
    def list_id(self) -> str:
        """List-Id without what stands around its angle brackets."""
        value = self.get("List-Id")
        return value.rpartition("<")[2].partition(">")[0].strip() if "<" in value else value.strip()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as a person would describe it. Everything a writer can set is what the writer claims."""

    sender: Address | None = None
    from_all: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    reply_text: str = ""
    quoted_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic | None = None
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    original_sender: Address | None = None
    headers: Headers = field(default_factory=Headers, repr=False)
