"""What the fault tests share with the rooms' own tests."""

from tests.mail_in.conftest import ledger
from tests.mail_out.conftest import look, make_due, put

__all__ = ["ledger", "look", "make_due", "put"]
