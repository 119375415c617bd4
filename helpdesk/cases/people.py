"""Addresses as an agent types them."""

from email.headerregistry import Address
from email.utils import getaddresses

from email_validator import EmailNotValidError, validate_email

from helpdesk.cases.errors import BadAddress
from helpdesk.cases.incoming import Person

MOST = 50


def people(typed: str) -> list[Person]:
    """`typed` ("Ann <a@x.example>, b@y.example", also with ; or line breaks) as (name, address), each once.

    Raises BadAddress with the first that cannot be an address.
    """
    tidy = typed.replace(";", ",").replace("\n", ",").replace("\r", ",")
    found: dict[str, Person] = {}
    for name, address in getaddresses([part for part in tidy.split(",") if part.strip()][:MOST]):
        try:
            valid = validate_email(address, check_deliverability=False, test_environment=True)
            Address(addr_spec=valid.ascii_email or valid.normalized)
        except (EmailNotValidError, ValueError, IndexError):
            raise BadAddress(address or name or typed.strip()[:100])
        lower = valid.normalized.lower()
        found.setdefault(lower, (name, lower))
    return list(found.values())
