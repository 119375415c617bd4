"""A visitor with a browser, and what the form needs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.cases.models import Queue

WRITTEN = {
    "name": "Kari Nordmann",
    "email": "kari@blåbær.example",
    "company": "Blåbær AS",
    "phone": "+47 22 00 00 00",
    "topic": "The lamp flickers",
    "message": "It began on Monday.\n\nWhat can I do?",
}


@pytest.fixture
def visitor(app: Flask, queue: Queue) -> FlaskClient:
    """A browser of somebody outside. Forms may be sent at once."""
    app.config["FORM_MIN_S"] = 0
    return app.test_client()


def token_in(page: TestResponse) -> str:
    """The hidden token of a form."""
    found = re.search(r'name="token" value="([^"]+)"', page.get_data(as_text=True))
    assert found
    return found.group(1)


@pytest.fixture
def send(visitor: FlaskClient) -> Callable[..., TestResponse]:
    """Opens the form and sends it, with these fields changed."""

    def sends(path: str = "/contact", **changed: Any) -> TestResponse:
        token = changed.pop("token", None) or token_in(visitor.get(path))
        return visitor.post(path, data={**WRITTEN, "token": token, **changed})

    return sends
