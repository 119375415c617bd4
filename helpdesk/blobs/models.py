"""What bytes there are."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Base, Created


class Blob(Base):
    """Bytes that were durable in the store before this row was committed."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Created]
