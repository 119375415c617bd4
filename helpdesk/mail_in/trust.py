"""What the receiving mail server found out about a sender."""

import re2
from flask import current_app

from helpdesk.mail_reading.mail import Mail

DMARC = re2.compile(r"(?i)\bdmarc\s*=\s*([a-z]+)")


def claims_failed(mail: Mail) -> bool:
    """Whether our own mail server (AUTHSERV_ID) says that DMARC failed (RFC 8601; RFC 7489).

    Lines of other servers prove nothing: anybody can write them. Without the setting nothing is known.
    """
    trusted = current_app.config["AUTHSERV_ID"].lower()
    if not trusted:
        return False
    for line in mail.headers.authentication_results:
        server = line.partition(";")[0].split()
        if server and server[0].lower() == trusted:
            found = DMARC.search(line[:2000])
            return found is not None and found.group(1).lower() == "fail"
    return False
