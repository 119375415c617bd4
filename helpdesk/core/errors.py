"""The tree of errors that speak to a person: a code for programs, an HTTP status, a sentence."""

from typing import Any

from helpdesk.core.i18n import lazy as _l


class HelpdeskError(Exception):
    """Something a person asked for was refused, and `sentence` says why in their language.

    `details` is JSON-ready data for programs and for the page that explains the refusal.
    """

    code = "error"
    http_status = 400
    sentence: Any = _l("That did not work.")

    def __init__(self, sentence: Any = None, **details: Any):
        self.sentence = sentence if sentence is not None else type(self).sentence
        self.details = details
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.sentence)


class NotFound(HelpdeskError):
    """No such thing, or none within reach of who asks: the two look alike on purpose."""

    code, http_status, sentence = "not_found", 404, _l("We could not find that.")


class NotAllowed(HelpdeskError):
    """The person is known and may not do this."""

    code, http_status, sentence = "not_allowed", 403, _l("You do not have access to this.")


class InvalidInput(HelpdeskError):
    """Some fields cannot be taken. `fields` maps a field's name to its sentence."""

    code, http_status, sentence = "invalid_input", 400, _l("Some of the fields need another look.")

    def __init__(self, sentence: Any = None, fields: dict[str, Any] | None = None, **details: Any):
        self.fields = fields or {}
        super().__init__(sentence, **details)


class ChangedMeanwhile(HelpdeskError):
    """A colleague saved the same record in between. `theirs` in the details holds what it says now."""

    code, http_status = "changed_meanwhile", 409
    sentence = _l("A colleague changed this while you were editing. Nothing was overwritten.")


class TooMany(HelpdeskError):
    """A limit on how often something may be done was reached."""

    code, http_status, sentence = "too_many", 429, _l("Too many attempts. Please wait a little and try again.")


class OutOfOrder(HelpdeskError):
    """A part that we depend on does not answer at the moment."""

    code, http_status = "out_of_order", 503
    sentence = _l("A part of the system does not answer right now. Nothing was lost; please try again in a moment.")
