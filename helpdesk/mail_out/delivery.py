"""What a transport is given, and what it says became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Envelope:
    """Who the bytes are from (empty: the null return path) and who they go to, in ASCII domains."""

    mail_id: int
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    utf8: bool = False
    """Whether the server must speak SMTPUTF8."""


@dataclass(frozen=True)
class Fate:
    """What became of the mail for one recipient.

    sent: the server took it. refused: it never will. later: not now. lost: the connection ended after the final dot,
    and nobody can know.
    """

    fate: Literal["sent", "refused", "later", "lost"]
    said: str = ""
    """The server's code and words."""
    trouble: Mapping[str, Any] = field(default_factory=dict)


BeforeTheDot = Callable[[Sequence[str]], None]
"""Called with the recipients that the server accepted, after all bytes and before the final dot: whatever it raises
ends the connection without that dot, so that the server throws the mail away."""


class Transport(Protocol):
    """A way out."""

    def deliver(self, envelope: Envelope, before_the_dot: BeforeTheDot) -> dict[str, Fate]:
        """Try once; one fate for each recipient. Raises only what `before_the_dot` raises."""
