"""Why bytes cannot be kept or had right now."""

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import lazy as _l


class NoSpace(HelpdeskError):
    """Less than FREE_DISK_MIN_BYTES is left: intake is refused for now, so that what we have stays safe."""

    code, http_status, sentence = "no_space", 503, _l("We cannot take this in right now. Please try again later.")


class StoreAway(HelpdeskError):
    """The object store does not answer, or does not let us in: nothing is taken in for now."""

    code, http_status = "store_away", 503
    sentence = _l("The place where files are kept does not answer right now. Please try again in a moment.")
