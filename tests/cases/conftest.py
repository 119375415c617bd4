"""Cases to act upon."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.open import open_case
from helpdesk.core.db import transaction
from helpdesk.customers.match import customer_for


@pytest.fixture
def make_case(queue: Queue) -> Callable[..., Case]:
    """A case as a customer's mail makes one."""

    def make(text: str = "The printer is on fire.", address: str = "solveig@fjordlys.example", **more: Any) -> Case:
        with transaction():
            name = more.get("name", "Solveig Dahl")
            incoming = Incoming(
                text=text,
                from_name=name,
                from_address=address,
                subject=more.get("subject", "Printer on fire"),
                message_id=more.get("message_id", "<first@fjordlys.example>"),
                **{name: more[name] for name in ("quoted", "html", "files") if name in more},
            )
            return open_case(queue, incoming, who=customer_for(address, name), source="mail")

    return make


@pytest.fixture
def case(make_case: Callable[..., Case]) -> Case:
    """An open, unclaimed case."""
    return make_case()
