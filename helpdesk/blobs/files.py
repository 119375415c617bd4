"""A file as the rooms hand it to one another: its bytes stay in the store."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FileRef:
    """One attachment: `sha256` leads to its `size` bytes."""

    sha256: str
    filename: str
    content_type: str
    size: int
    inline: bool = False
    content_id: str | None = None
