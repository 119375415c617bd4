"""A real Postfix for a test: it takes mail on a free port of loopback and hands it on by LMTP.

Mail for `our_domain` goes to the helpdesk's LMTP door, everything else to Dovecot's. It needs root, as Postfix does.
Everything lies in one temporary folder, and the kernel ends the server should the test process die.
"""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from helpdesk.embedded.processes import end_child, start_tied
from tests.servers_dovecot import free_port

PROGRAM = "/usr/sbin/postfix"
DAEMONS = "/usr/lib/postfix/sbin"
READY_WITHIN_S = 20.0
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{our_domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
{handing_over}
default_transport = lmtp:inet:127.0.0.1:{other_lmtp_port}
local_transport = error:nothing is delivered here
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
lmtp_host_lookup = native
disable_dns_lookups = yes
alias_maps =
alias_database =
local_recipient_maps =
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """A running server that takes mail on `port`."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """For SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    def waiting(self) -> int:
        """How many mails lie in its queue."""
        queues = ("incoming", "active", "deferred", "maildrop")
        return sum(1 for name in queues for path in (self.folder / "queue" / name).rglob("*") if path.is_file())


def is_usable() -> bool:
    """Whether this machine has Postfix, and we may start it."""
    return Path(PROGRAM).exists() and os.geteuid() == 0


@contextmanager
def running_postfix(
    our_domain: str, our_lmtp_port: int, other_lmtp_port: int, handing_over: str = ""
) -> Iterator[Postfix]:
    """Postfix that hands mail for `our_domain` to one LMTP port of loopback, and all other mail to another.

    `handing_over` replaces the lines of main.cf that do the former.
    """
    # Not pytest's folder: Postfix's own user may not enter that one, and socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    server = Postfix(folder, free_port())
    try:
        folder.chmod(0o755)
        _make_folders(folder)
        ours = f"relay_domains = {our_domain}\nrelay_transport = lmtp:inet:127.0.0.1:{our_lmtp_port}"
        filled = {"our_domain": our_domain, "other_lmtp_port": other_lmtp_port, "handing_over": handing_over or ours}
        (folder / "main.cf").write_text(MAIN.format(folder=folder, **filled))
        (folder / "master.cf").write_text(MASTER.format(port=server.port))
        # Not `postfix start`: it takes seconds, and leaves a server behind that is not our child.
        child = start_tied(
            [f"{DAEMONS}/master", "-c", str(folder), "-d"],
            when_orphaned=signal.SIGTERM,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_ready(server, child)
            yield server
        finally:
            end_child(child, (signal.SIGTERM, 5.0))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_folders(folder: Path) -> None:
    """What `postfix check` would make, with the owners that Postfix wants."""
    user, group = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
    (folder / "queue").mkdir()
    (folder / "queue" / "pid").mkdir()
    for name in ("data", *(f"queue/{name}" for name in QUEUES)):
        (folder / name).mkdir(mode=0o700)
        os.chown(folder / name, user, -1)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        (folder / "queue" / name).mkdir()
        os.chown(folder / "queue" / name, user, group)
        (folder / "queue" / name).chmod(mode)


def _wait_until_ready(server: Postfix, child: subprocess.Popen[bytes]) -> None:
    patience_ends = time.monotonic() + READY_WITHIN_S
    while True:
        assert child.poll() is None, f"Postfix did not start:\n{server.log}"
        assert time.monotonic() < patience_ends, f"Postfix was not ready in time:\n{server.log}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            if connection.recv(100).startswith(b"220"):
                return
        time.sleep(0.05)
