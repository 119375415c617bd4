"""What cases can be found by."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Base


class CaseWords(Base):
    """What a case can be found by. Written by a reaction, in the event's own transaction."""

    __tablename__ = "case_words"
    __table_args__ = (Index("ix_case_words_words", "words", postgresql_using="gin"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
