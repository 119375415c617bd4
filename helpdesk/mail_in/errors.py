"""What a person hears when a ledger row cannot be acted upon."""

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class OnACase(HelpdeskError):
    """The mail stands on a case, so running or discarding it again would double or lose it."""

    code, http_status = "on_a_case", 409
    sentence = _l("This mail stands on a case already. Change the case instead.")


class TakenMeanwhile(HelpdeskError):
    """A worker or a colleague acts on the row at this moment, or has just done so."""

    code, http_status = "taken_meanwhile", 409
    sentence = _l("Somebody else dealt with this mail just now. Here is what it is now.")


class NotKeptWhole(HelpdeskError):
    """Of a mail that was too large only the head was kept."""

    code, http_status = "not_kept_whole", 409
    sentence = _l("This mail was too large to take in: only its head is here. The mail itself is still in its mailbox.")


class NeedsAReason(HelpdeskError):
    """Discarding says why, so that a colleague understands it later."""

    code, http_status = "needs_a_reason", 400
    sentence = _l("Please say why it is discarded.")
