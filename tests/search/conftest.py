"""Cases to be found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.open import open_case
from helpdesk.customers.models import Contact, Customer


@dataclass(frozen=True)
class Nobody:
    """Nobody we know."""

    customer: Customer | None = None
    contact: Contact | None = None


@pytest.fixture
def opened(queue: Queue) -> Callable[..., Case]:
    """Opens a case as a mail would."""

    def open_one(text: str = "", subject: str = "A question", **more: Any) -> Case:
        who = {"from_name": "Ola Nordmann", "from_address": "ola.nordmann@fjord.example", **more}
        return open_case(queue, Incoming(text=text, subject=subject, **who), who=Nobody(), source="mail")

    return open_one
