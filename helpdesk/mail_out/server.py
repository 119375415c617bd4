"""Which server SMTP_URL means, and how far it is trusted."""

import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

NEVER, WHEN_OFFERED, REQUIRED = 0, 1, 2
"""SMTP_STARTTLS."""
PORTS = {"smtps": 465, "smtp": 25}
SUBMISSION_PORT = 587


@dataclass(frozen=True)
class SmtpServer:
    """A mail server that takes our mail on."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    """From the first byte (smtps)."""
    starttls: int = WHEN_OFFERED
    ca: str = ""
    """A file of certificates to trust instead of the system's."""
    verify: bool = True
    helo: str = ""

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port})"

    @classmethod
    def from_url(cls, url: str, starttls: int) -> "SmtpServer":
        """smtp://user:password@host:port or smtps://…, with ?ca=/file.pem, ?verify=0 and ?helo=name where wanted.

        Without a port: 465 for smtps, 587 with a user, else 25. Characters with a meaning in URLs are written as %40
        and the like. Raises ValueError; its text never holds the password.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("write smtp://host, smtps://host or file:///folder")
        asked = parse_qs(parts.query)
        if unknown := set(asked) - {"ca", "verify", "helo"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("the port is no number") from None
        default = SUBMISSION_PORT if parts.username and parts.scheme == "smtp" else PORTS[parts.scheme]
        return cls(
            host=parts.hostname,
            port=port or default,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=parts.scheme == "smtps",
            starttls=starttls,
            ca=asked.get("ca", [""])[-1],
            verify=asked.get("verify", ["1"])[-1] != "0",
            helo=asked.get("helo", [""])[-1],
        )

    @property
    def certificate_counts(self) -> bool:
        """Encryption that is only opportunistic (RFC 7435) takes any certificate: better than none. Where it is
        required, or a password goes over it, the server must prove who it is."""
        return self.verify and (self.tls or self.starttls == REQUIRED or bool(self.user))

    def tls_context(self) -> ssl.SSLContext:
        """Raises ssl.SSLError when the file of certificates cannot be read."""
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            raise ssl.SSLError(f"{self.ca}: {error.strerror}")
        if not self.certificate_counts:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
