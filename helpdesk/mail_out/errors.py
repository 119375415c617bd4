"""What the outbox refuses, and how it says so."""

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class NobodyToSendTo(HelpdeskError):
    """A letter without a recipient."""

    code, http_status, sentence = "nobody_to_send_to", 400, _l("There is nobody to send this to.")
