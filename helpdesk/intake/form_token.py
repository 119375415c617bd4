"""What a form was given when it was shown: when that was, and a mark that makes sending it twice one inquiry.

It is signed, and bound to no session: the form stands in other sites' frames, where browsers keep no cookie of ours.
"""

import secrets
import time
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

MAX_AGE_S = 24 * 3600
CLOCKS_DIFFER_S = 60
"""So far the clocks of two web machines may be apart. A token of a later moment would be too quick until that comes."""


@dataclass(frozen=True)
class FormToken:
    """A token that we signed. `mark` is the same each time the same form is sent."""

    mark: str
    age_s: float


def new_token() -> str:
    """A fresh token for a form that is shown now."""
    return _signer().dumps([secrets.token_urlsafe(12), time.time()])


def read_token(text: str) -> FormToken | None:
    """The token, or None when we did not sign it, it is older than a day, or a clock was set back since it was made."""
    try:
        mark, made_at = _signer().loads(text[:300])
    except (BadSignature, ValueError, TypeError):
        return None
    age_s = time.time() - made_at
    return FormToken(mark, age_s) if -CLOCKS_DIFFER_S <= age_s <= MAX_AGE_S else None


def sign_number(number: int, confirmed: bool) -> str:
    """What the thank-you page needs to know, so that nobody can make it say another number."""
    return _signer("thank-you").dumps([number, confirmed])


def read_number(text: str) -> tuple[int, bool] | None:
    """What sign_number() signed, or None."""
    try:
        number, confirmed = _signer("thank-you").loads(text[:300])
    except (BadSignature, ValueError, TypeError):
        return None
    return number, confirmed


def _signer(purpose: str = "contact form") -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)
