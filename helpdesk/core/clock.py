"""Time, always aware and UTC. Due work is compared with the database's clock, not with this one."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment as an aware UTC datetime."""
    return datetime.now(UTC)
