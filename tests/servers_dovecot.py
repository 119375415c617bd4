"""A real Dovecot for a test: IMAP with and without TLS, and LMTP, on free ports of loopback.

Any user name has a mailbox as soon as it is named, all with the password PASSWORD. Everything lies in one temporary
folder, and the kernel ends the server should the test process die.
"""

import datetime
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from helpdesk.embedded.processes import end_child, start_tied
from tests.ports import free_port

PROGRAM = "/usr/sbin/dovecot"
PASSWORD = "a-mailbox-password"
READY_WITHIN_S = 20.0

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1, 127.0.0.2
disable_plaintext_auth = {only_encrypted}
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
default_internal_user = {internal_user}
default_login_user = {login_user}
default_internal_group = {internal_group}
default_client_limit = 200
default_process_limit = 50
mail_location = maildir:{folder}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
auth_username_format = %Ln
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Taken {{
    auto = create
  }}
}}
"""


@dataclass
class Dovecot:
    """A running server. `certificate` is its own authority: trust it with SSL_CERT_FILE."""

    folder: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    def deliver(self, user: str, raw: bytes) -> None:
        """Put a mail into the user's INBOX, as a mail server would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            client.sendmail("sender@example.net", [f"{user}@example.net"], raw)

    @contextmanager
    def mailbox(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """The user's folder, open over IMAP."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=20)
        try:
            client.login(user, PASSWORD)
            client.select(folder)
            yield client
        finally:
            client.logout()

    def mails(self, user: str, folder: str = "INBOX") -> list[tuple[str, bytes]]:
        """Flags and raw bytes of each mail in the user's folder, left unread."""
        with self.mailbox(user, folder) as client:
            _ok, numbers = client.search(None, "ALL")
            if not numbers[0]:
                return []
            _ok, parts = client.fetch("1:*", "(FLAGS BODY.PEEK[])")
            found = [part for part in parts if isinstance(part, tuple)]
            return [(head.decode(), raw) for head, raw in found]

    def wait_for_mail(self, user: str, count: int = 1, within_s: float = 20.0) -> list[bytes]:
        """The user's INBOX once it has `count` mails."""
        patience_ends = time.monotonic() + within_s
        while True:
            found = [raw for _flags, raw in self.mails(user)]
            if len(found) >= count:
                return found
            assert time.monotonic() < patience_ends, f"{len(found)} of {count} mails within {within_s} s\n{self.log}"
            time.sleep(0.1)


def is_installed() -> bool:
    """Whether this machine has Dovecot (Debian: dovecot-imapd, dovecot-lmtpd)."""
    return Path(PROGRAM).exists()


@contextmanager
def running_dovecot(
    *, only_encrypted: bool = False, certificate: tuple[str, int] = ("localhost", 2), capability: str = ""
) -> Iterator[Dovecot]:
    """Dovecot on free ports; `only_encrypted` refuses passwords on connections without TLS.

    `certificate` is the name it is made out for and for how many days (negative: it has expired). `capability` is what
    it says it can do, in place of all that it can.
    """
    # Not pytest's folder: the server's own users may not enter that one, and socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    server = Dovecot(folder, free_port(), free_port(), free_port())
    try:
        _configure(server, only_encrypted, certificate)
        if capability:
            with (folder / "dovecot.conf").open("a") as file:
                file.write(f"\nimap_capability = {capability}\n")
        child = start_tied([PROGRAM, "-F", "-c", str(folder / "dovecot.conf")], when_orphaned=signal.SIGTERM)
        try:
            _wait_until_ready(server, child)
            yield server
        finally:
            end_child(child, (signal.SIGTERM, 5.0))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(server: Dovecot, only_encrypted: bool, certificate: tuple[str, int]) -> None:
    folder = server.folder
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    make_certificate(folder, *certificate)
    me = pwd.getpwuid(os.geteuid())
    users = {"internal_user": me.pw_name, "login_user": me.pw_name, "uid": me.pw_uid, "gid": me.pw_gid}
    internal_group = str(me.pw_gid)
    if me.pw_uid == 0:
        nobody = pwd.getpwnam("nobody")
        users = {"internal_user": "dovecot", "login_user": "dovenull", "uid": nobody.pw_uid, "gid": nobody.pw_gid}
        internal_group = "dovecot"
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    text = CONFIGURATION.format(
        folder=folder,
        only_encrypted="yes" if only_encrypted else "no",
        password=PASSWORD,
        imap_port=server.imap_port,
        imaps_port=server.imaps_port,
        lmtp_port=server.lmtp_port,
        internal_group=internal_group,
        **users,
    )
    (folder / "dovecot.conf").write_text(text)


def make_certificate(folder: Path, name: str = "localhost", days: int = 2) -> None:
    """certificate.pem and key.pem in `folder`: self-signed, for `name`, valid for `days` (negative: expired)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    present = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(present - datetime.timedelta(days=10))
        .not_valid_after(present + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _wait_until_ready(server: Dovecot, child: subprocess.Popen[bytes]) -> None:
    patience_ends = time.monotonic() + READY_WITHIN_S
    for port, greeting in ((server.imap_port, b"* OK"), (server.lmtp_port, b"220")):
        while True:
            assert child.poll() is None, f"Dovecot did not start:\n{server.log}"
            assert time.monotonic() < patience_ends, f"Dovecot was not ready in time:\n{server.log}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(100).startswith(greeting):
                    break
            time.sleep(0.05)
