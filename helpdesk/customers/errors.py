"""What the register refuses, and how it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.core.errors import ChangedMeanwhile, HelpdeskError, InvalidInput
from helpdesk.core.i18n import lazy as _l


@dataclass(frozen=True)
class Clash:
    """A field that a colleague changed in between: what was typed here, what it says now, and what it said before."""

    field: str
    mine: Any
    theirs: Any
    before: Any
    who: str
    at: datetime

    @property
    def untouched(self) -> bool:
        """Whether only the colleague changed it."""
        return bool(self.mine == self.before)


class EditedMeanwhile(ChangedMeanwhile):
    """A colleague saved in between, and at least one field now says something else than what was typed.

    `clashes` are those fields; `version` is the one to save against once a person has chosen.
    """

    def __init__(self, clashes: Sequence[Clash], version: int):
        self.clashes, self.version = list(clashes), version
        super().__init__(theirs={clash.field: clash.theirs for clash in clashes}, version=version)


class Taken(InvalidInput):
    """Another customer has this e-mail address or organisation number. `customer_id` and `name` say which."""

    def __init__(self, field: str, customer_id: int, name: str):
        self.field, self.customer_id, self.name = field, customer_id, name
        super().__init__(
            fields={field: _l("%(name)s has this already.", name=name)}, taken_by={"id": customer_id, "name": name}
        )


class AlreadyThere(HelpdeskError):
    """The contact is moved to where it is already."""

    code, http_status, sentence = "already_there", 409, _l("They are with this customer already.")
