"""One view of the cases as the desk shows it: which, in which order, said in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from helpdesk.accounts.models import Agent
from helpdesk.cases.access import queue_for
from helpdesk.cases.models import Case, Queue
from helpdesk.cases.queue import PAGE_SIZE, VIEWS, cases_in
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l
from helpdesk.core.looks import age

ROWS_MAX = 200
NAMES = {
    "unclaimed": _l("Unclaimed"),
    "mine": _l("Mine"),
    "open": _l("All open"),
    "waiting": _l("Waiting"),
    "closed": _l("Closed"),
}
EMPTY = {
    "unclaimed": (_l("Nothing is waiting"), _l("Every case has somebody. New ones show here by themselves.")),
    "mine": (_l("Nothing is yours"), _l("Claim the next case that waits.")),
    "open": (_l("No open cases"), _l("New ones show here by themselves.")),
    "waiting": (_l("We wait for nobody"), _l("Cases that were answered stay here until the customer writes.")),
    "closed": (_l("Nothing is closed yet"), _l("Closed cases are kept here and can be reopened.")),
}


class Urls:
    """The addresses of many cases: one is built, and the others differ in their number only."""

    STAND_IN = 1_000_000_000_000_007

    def __init__(self, endpoint: str, args: Mapping[str, Any]) -> None:
        self._before, _number, self._after = url_for(endpoint, number=self.STAND_IN, **args).partition(
            str(self.STAND_IN)
        )

    def of(self, number: int) -> str:
        """The address of the case with that number."""
        return f"{self._before}{number}{self._after}"


@dataclass(frozen=True)
class Listing:
    """What the list pane shows. `args` name the view in addresses; `first` says that it begins at the top."""

    view: str
    queue: Queue | None
    cases: Sequence[Case]
    after: str | None
    first: bool
    open_number: int | None = None

    @property
    def args(self) -> dict[str, Any]:
        """The view and queue as parts of an address."""
        return {"view": self.view, **({"queue": self.queue.slug} if self.queue else {})}

    @property
    def url(self) -> str:
        return url_for("cases.queue", **self.args)

    def urls(self, endpoint: str) -> "Urls":
        """The addresses of the list's cases on `endpoint`, within this view."""
        return Urls(endpoint, self.args)

    @property
    def more_url(self) -> str | None:
        return url_for("cases.queue", after=self.after, **self.args) if self.after else None

    @property
    def title(self) -> str:
        name = str(NAMES[self.view])
        return f"{self.queue.name} · {name}" if self.queue else name

    @property
    def order(self) -> str:
        return _("Latest first") if self.view == "closed" else _("Oldest waiting first")

    def count_words(self, known: str | None) -> str:
        """ "7, oldest 3 h": a number (`known` from the rail, else what is shown) and, where it matters, an age."""
        shown = f"{len(self.cases)}+" if self.after else str(len(self.cases))
        count = known if known and not self.queue else shown
        if not self.cases or self.view == "closed":
            return count
        return _("%(count)s, oldest %(age)s", count=count, age=age(self.cases[0].waiting_since))

    @property
    def shows_owner(self) -> bool:
        return self.view not in ("mine", "unclaimed")

    @property
    def views(self) -> list[tuple[str, str]]:
        return [(view, str(name)) for view, name in NAMES.items()]

    @property
    def empty(self) -> tuple[str, str]:
        title, text = EMPTY[self.view]
        return str(title), str(text)


def listing_for(agent: Agent, asked: Mapping[str, Any], open_number: int | None = None) -> Listing:
    """The list that an address asks for: `view`, `queue` (its slug), `after` (a cursor), `rows` (how many).

    An unknown view is the unclaimed one. Raises NotFound for an unknown queue, InvalidInput for a foreign cursor.
    """
    view = asked.get("view", "")
    view = view if view in VIEWS else "unclaimed"
    queue = queue_for(agent, asked["queue"]) if asked.get("queue") else None
    rows = str(asked.get("rows", ""))
    size = min(ROWS_MAX, max(PAGE_SIZE, int(rows))) if rows.isdecimal() and len(rows) < 5 else PAGE_SIZE
    page = cases_in(view, agent, queue=queue, after=asked.get("after") or None, size=size)
    return Listing(view, queue, page.rows, page.after, first=not asked.get("after"), open_number=open_number)
