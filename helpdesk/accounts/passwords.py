"""Passwords: how they are kept, and which are too easy to guess.

Length and a list of common ones decide, nothing else: no rules about kinds of characters, no expiry, nothing cut off
or changed (OWASP ASVS 5.0, 6.2; NIST SP 800-63B, 3.1.1).
"""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.core.i18n import lazy as _l
from helpdesk.core.tokens import new_secret

LENGTH_MIN = 8
LENGTH_ADVISED = 15
LENGTH_MAX = 256
GUESSES_MIN = 10**6
"""Fewer guesses than this and an attacker who is slowed by our limits still gets there."""
ESTIMATED_LENGTH = 72
"""The estimate looks at the beginning only: its time grows with the square of the length."""

# argon2id as the OWASP Password Storage Cheat Sheet advises: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A flood of sign-ins waits its turn instead of filling the memory.
AT_ONCE = BoundedSemaphore(8)


def _bytes(plain: str) -> bytes:
    return plain.encode("utf-8", "surrogatepass")


def keep(plain: str) -> str:
    """What is stored of a password."""
    with AT_ONCE:
        return HASHER.hash(_bytes(plain))


@cache
def _of_nobody() -> str:
    return keep(new_secret())


def fits(kept: str | None, plain: str) -> bool:
    """Whether `plain` is the password.

    Without a kept one the same work is done for nothing, so that the time it takes tells nothing.
    """
    stranger = _of_nobody()
    try:
        with AT_ONCE:
            HASHER.verify(kept or stranger, _bytes(plain[: LENGTH_MAX + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was kept with weaker parameters than today's."""
    return HASHER.check_needs_rehash(kept)


def weakness(plain: str, *about: str) -> str | None:
    """Why `plain` cannot be a password, as a sentence; None if it can. `about`: words of its owner (name, address)."""
    if len(plain) < LENGTH_MIN:
        return _l(
            "Use at least %(least)s characters; %(advised)s or more are better.",
            least=LENGTH_MIN,
            advised=LENGTH_ADVISED,
        )
    if len(plain) > LENGTH_MAX:
        return _l("Use at most %(most)s characters.", most=LENGTH_MAX)
    words = [part for word in about for part in (word, *word.replace("@", " ").replace(".", " ").split()) if part]
    from zxcvbn import zxcvbn  # its word lists fill 12 MB, and few processes ever judge a password

    if zxcvbn(plain[:ESTIMATED_LENGTH], user_inputs=words)["guesses"] < GUESSES_MIN:
        return _l("This password is too easy to guess. Several words in a row make a good one.")
    return None
