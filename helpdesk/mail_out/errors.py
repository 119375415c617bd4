"""What the outbox refuses, and how it says so."""

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class NobodyToSendTo(HelpdeskError):
    """A letter without a recipient."""

    code, http_status, sentence = "nobody_to_send_to", 400, _l("There is nobody to send this to.")


class BeingSent(HelpdeskError):
    """A worker has it in its hands."""

    code, http_status, sentence = "being_sent", 409, _l("This mail is being sent right now. Look again in a moment.")


class SentAlready(HelpdeskError):
    """Everybody has it."""

    code, http_status, sentence = "sent_already", 409, _l("This mail has been sent already.")


class NotMadeYet(HelpdeskError):
    """The bytes are made when the mail is first tried."""

    code, http_status, sentence = "not_made_yet", 404, _l("This mail has not been tried yet; its source is made then.")
