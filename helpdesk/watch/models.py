"""Signs of life."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Base, Moment


class Heartbeat(Base):
    """When something last showed that it lives, by the database's clock. One row a name."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[Moment]
