"""Customers to work with."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.models import Agent
from helpdesk.customers.contacts import add_contact
from helpdesk.customers.create import create
from helpdesk.customers.models import Contact, Customer


@pytest.fixture
def make_customer(app: Flask, ada: Agent) -> Callable[..., Customer]:
    """A customer as a colleague writes one in."""

    def make(name: str = "Nordvik Bygg AS", **typed: str) -> Customer:
        return create({"kind": "company", "stage": "customer", "name": name, **typed}, by=ada)

    return make


@pytest.fixture
def nordvik(make_customer: Callable[..., Customer]) -> Customer:
    """A company."""
    return make_customer(org_no="974 760 673", email="post@nordvik.no", phone="22 33 44 55")


@pytest.fixture
def per(nordvik: Customer, ada: Agent) -> Contact:
    """A person at the company."""
    typed: dict[str, Any] = {"name": "Per Ås", "position": "Site manager", "email": "per@nordvik.no"}
    return add_contact(nordvik, typed, by=ada)
