"""Which passwords are taken, and how they are kept."""

import pytest
from flask import Flask

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent
from helpdesk.accounts.sign_in import sign_in
from helpdesk.core.db import transaction


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "password",
        "12345678",
        "qwertyuiop",
        "aaaaaaaaaaaaaaaaaaa",
        "berit@desk.example",
        "Berit Berg",
        "x" * 257,
    ],
)
def test_a_password_that_is_short_common_or_about_its_owner_is_refused_with_a_sentence(app: Flask, weak: str):
    assert str(passwords.weakness(weak, "berit@desk.example", "Berit Berg")).endswith((".", "better."))


@pytest.mark.parametrize(
    "good",
    [
        "jeg liker brunost",
        "   spaces count   !",
        "ææææ øøøø åååå",
        " ".join(str(n**3) for n in range(31, 51)) + "!",
        "🐢🐇🐢🐇 løper",
    ],
)
def test_any_characters_and_at_least_64_of_them_are_fine(app: Flask, good: str):
    assert passwords.weakness(good, "berit@desk.example", "Berit Berg") is None
    kept = passwords.keep(good)
    assert passwords.fits(kept, good)
    assert not passwords.fits(kept, good.swapcase() if good.swapcase() != good else good + " ")
    assert not passwords.fits(kept, good.strip() + "!")


def test_it_is_kept_as_argon2id_and_never_the_same_twice(app: Flask):
    first, second = passwords.keep("jeg liker brunost"), passwords.keep("jeg liker brunost")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


def test_a_password_kept_with_weaker_parameters_is_kept_anew_when_its_owner_signs_in(app: Flask, ada: Agent):
    from argon2 import PasswordHasher

    with transaction():
        ada.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("jeg liker brunost")
    sign_in("ada@desk.example", "jeg liker brunost", "192.0.2.1")
    assert not passwords.is_outdated(ada.password_hash)


@pytest.mark.parametrize("broken", ["", "not a hash", "$argon2id$v=19$m=1"])
def test_a_broken_stored_hash_lets_nobody_in(app: Flask, broken: str):
    assert not passwords.fits(broken, "")
