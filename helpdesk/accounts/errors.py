"""Why a sign-in or a change to a colleague was refused."""

from helpdesk.core.errors import HelpdeskError, NotFound
from helpdesk.core.i18n import lazy as _l


class WrongSignIn(HelpdeskError):
    """No such account, a wrong password, or a deactivated colleague: the three look alike on purpose."""

    code, http_status = "wrong_sign_in", 401
    sentence = _l("The e-mail address or the password is not right.")


class LinkSpent(HelpdeskError):
    """The link was used, is too old, or never was."""

    code, http_status = "link_spent", 410
    sentence = _l("This link no longer works: it has been used, or it is too old. Ask for a new one.")


class LastAdmin(HelpdeskError):
    """Without this person nobody could change the settings any more."""

    code, http_status = "last_admin", 409
    sentence = _l("This is the only active admin. Make somebody else an admin first.")


class AdminExists(HelpdeskError):
    """The first set-up is over."""

    code, http_status = "admin_exists", 409
    sentence = _l("There is an admin already. Ask them for an invitation.")


class NoSuchAgent(NotFound):
    """No colleague has this address."""

    sentence = _l("No colleague has this e-mail address.")


class Inactive(HelpdeskError):
    """A deactivated colleague gets no link: it would not let them in."""

    code, http_status = "inactive", 409
    sentence = _l("This colleague is deactivated. Reactivate them first.")
