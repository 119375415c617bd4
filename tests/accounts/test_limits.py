"""Limits: counted in Valkey for all processes together, and in memory while Valkey is away."""

import socket
import time

import pytest
import redis
from flask import Flask

import config
from helpdesk.core import limits
from helpdesk.factory import create_app


@pytest.fixture
def counting(app: Flask, environment: dict[str, str]) -> Flask:
    """A second process's application over the same Valkey."""
    return create_app(config.load(environment, services={}))


def test_two_processes_count_together(app: Flask, counting: Flask):
    app.config["RATELIMIT_ENABLED"] = True
    assert limits.take("2 per 5 minutes", "together", "x")
    with counting.app_context():
        assert limits.take("2 per 5 minutes", "together", "x")
        assert not limits.is_left("2 per 5 minutes", "together", "x")
    assert not limits.take("2 per 5 minutes", "together", "x")
    assert limits.take("2 per 5 minutes", "together", "y")
    limits.forgive("2 per 5 minutes", "together", "x")
    assert limits.take("2 per 5 minutes", "together", "x")


def test_valkey_holds_no_address(app: Flask, environment: dict[str, str]):
    app.config["RATELIMIT_ENABLED"] = True
    limits.take("2 per 5 minutes", "sign-in account", "secret.person@desk.example")
    keys = redis.Redis.from_url(environment["REDIS_URL"]).keys("*")
    assert keys
    assert not [key for key in keys if b"secret.person" in key]


def test_without_valkey_this_process_counts_alone_and_nobody_waits(app: Flask, environment: dict[str, str]):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
    alone = create_app(config.load({**environment, "REDIS_URL": nowhere}, services={}))
    begun = time.monotonic()
    with alone.app_context():
        taken = [limits.take("3 per 5 minutes", "alone", "x") for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert time.monotonic() - begun < 2.0


def test_one_household_of_ipv6_counts_as_one_network(app: Flask):
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_NETWORK_LIMIT="2 per 5 minutes")

    def guess(n: int, address: str) -> int:
        typed = {"email": f"somebody{n}@desk.example", "password": "a guess"}
        return app.test_client().post("/sign-in", data=typed, environ_base={"REMOTE_ADDR": address}).status_code

    assert [guess(n, f"2001:db8:1:2::{n}") for n in range(3)] == [401, 401, 429]
    assert guess(4, "2001:db8:1:3::1") == 401
