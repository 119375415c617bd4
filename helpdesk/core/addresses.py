"""An e-mail address that a colleague types into a field: checked for its shape, kept in one spelling."""

from email_validator import EmailNotValidError, validate_email


def clean_address(typed: str) -> str | None:
    """`typed` in lower case, its domain as sent on the wire; None if it is no address.

    The domain need not exist, and may be of one word: whose mail server it is, the operator knows.
    """
    try:
        found = validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False)
    except (EmailNotValidError, UnicodeError):
        return None
    return (found.ascii_email or found.normalized).lower()
