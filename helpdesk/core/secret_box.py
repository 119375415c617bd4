"""Secrets at rest (mailbox passwords, OAuth tokens): Fernet, with key rotation."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class CannotOpen(HelpdeskError):
    """The secret was written with a key that SECRETS_KEYS no longer has."""

    code, http_status = "secret_unreadable", 500
    sentence = _l("A stored password can no longer be read. Please enter it again.")


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in current_app.config["SECRETS_KEYS"]])


def lock(plain: str) -> str:
    """`plain` encrypted with the newest key."""
    return _box().encrypt(plain.encode()).decode()


def unlock(locked: str) -> str:
    """The plain text again. Raises CannotOpen when no key fits."""
    try:
        return _box().decrypt(locked.encode()).decode()
    except InvalidToken:
        raise CannotOpen()
