"""Letters, and a clock that the outbox believes."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from helpdesk.core.db import db, transaction
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.outbox import put_in_outbox

Put = Callable[..., OutboundMail]


@pytest.fixture
def put(app: Flask) -> Put:
    """Put a letter in the outbox; keyword arguments are Letter's."""
    count = 0

    def put_letter(*addresses: str, **values: Any) -> OutboundMail:
        nonlocal count
        count += 1
        given: dict[str, Any] = {
            "kind": "answer",
            "from_name": "Fjordlys",
            "from_address": "support@desk.example",
            "to": tuple(("", address) for address in addresses or ("kari@kunde.example",)),
            "subject": "Blue cable",
            "text": "Try the blue one.",
            "message_id": f"<{count}@desk.example>",
        }
        return put_in_outbox(Letter(**{**given, **values}))

    return put_letter


@pytest.fixture
def look(app: Flask) -> Callable[[OutboundMail], OutboundMail]:
    """The mail and its recipients as the database has them."""

    def again(mail: OutboundMail) -> OutboundMail:
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(OutboundMail, mail.id)

    return again


@pytest.fixture
def make_due(app: Flask) -> Callable[[OutboundMail], None]:
    """Let the pause before the next try be over, or a dead worker's lease run out."""

    def due(mail: OutboundMail) -> None:
        with transaction() as session:
            session.execute(
                text(
                    "update outbound_mails set next_try_at = now() - interval '1 second',"
                    " leased_until = now() - interval '1 second' where id = :id"
                ),
                {"id": mail.id},
            )
        db.session.expire_all()

    return due
