"""What the cases room refuses, and how it says so."""

from typing import Any

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class AlreadyClaimed(HelpdeskError):
    """Another agent took the case first."""

    code, http_status = "already_claimed", 409

    def __init__(self, owner_name: str):
        super().__init__(_l("%(name)s has taken this case already.", name=owner_name), owner=owner_name)


class NothingToClaim(HelpdeskError):
    """The queue is empty."""

    code, http_status, sentence = "nothing_to_claim", 404, _l("Nothing is waiting. Well done.")


class NotOpen(HelpdeskError):
    """The act needs an open or waiting case."""

    code, http_status, sentence = "not_open", 409, _l("This case is closed. Reopen it first.")


class AlreadyDone(HelpdeskError):
    """Closing a closed case, reopening an open one: somebody was quicker."""

    code, http_status, sentence = "already_done", 409, _l("A colleague has done that already.")


class Moved(HelpdeskError):
    """The case was merged; its messages stand on another."""

    code, http_status = "moved", 409

    def __init__(self, number: int):
        super().__init__(_l("This case was merged into #%(number)s.", number=number), number=number)


class Unseen(HelpdeskError):
    """Somebody wrote after the one who acts last looked. `news` are the events not seen."""

    def __init__(self, news: list[Any]):
        self.news = news
        super().__init__(events=[event.id for event in news])


class StaleAnswer(Unseen):
    """Somebody wrote after the author last looked. The text is kept as a draft; `news` are the events not seen."""

    code, http_status, headline = "stale_answer", 409, _l("Not sent yet.")
    sentence = _l("Something new was written while you were writing. Your text is kept; please read and send again.")


class NotRead(Unseen):
    """The customer wrote after the one who closes the case last looked. `news` are the events not seen."""

    code, http_status, headline = "not_read", 409, _l("Not closed yet.")
    sentence = _l("The customer has just written again. Please read that before you close the case.")


class EmptyText(HelpdeskError):
    """Nothing was written."""

    code, http_status, sentence = "empty_text", 400, _l("Please write something first.")


class NoRecipient(HelpdeskError):
    """The case has nobody to answer: the mail came without a usable sender."""

    code, http_status, sentence = "no_recipient", 400, _l("There is no address to answer. Please fill in one.")


class BadAddress(HelpdeskError):
    """An address that was typed cannot be one."""

    code, http_status = "bad_address", 400

    def __init__(self, address: str):
        super().__init__(_l("“%(address)s” is not an e-mail address.", address=address), address=address)


class CannotMerge(HelpdeskError):
    """The two are one already, or in a circle."""

    code, http_status, sentence = "cannot_merge", 409, _l("These two cases cannot be merged.")
