"""`python -m tests.fuzz.atheris_mail CORPUS …`: mails that reach code which no mail before them has reached.

libFuzzer's arguments follow; an input that breaks something is written to -artifact_prefix. See `make fuzz`.
"""

import sys

import atheris

with atheris.instrument_imports(include=["helpdesk.mail_reading", "helpdesk.customers.email_address"]):
    from helpdesk.customers.email_address import normal_email
    from helpdesk.mail_reading import read  # noqa: F401
    from helpdesk.mail_reading.addresses import parse_addresses
    from tests.fuzz.looks import read_and_look


def one_input(data: bytes) -> None:
    """The bytes as a mail, and their beginning as a list of addresses. Watched code is several times as slow."""
    mail = read_and_look(data, most_s=10.0)
    for address in parse_addresses(data[:500].decode("utf-8", "surrogateescape")):
        assert not any(char.isspace() for char in address.email), address
    if mail.sender is not None:
        found = normal_email(mail.sender.email)
        assert found is None or normal_email(found) == found, mail.sender


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
