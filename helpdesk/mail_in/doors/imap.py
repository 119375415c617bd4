"""A conversation with one mailbox's server: getting in, looking, fetching, marking. No database here.

Only UID commands and BODY.PEEK: sequence numbers move under one's feet, and nobody's unread mail becomes read.
"""

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from helpdesk.core.i18n import _
from helpdesk.mail_in.doors.imap_trouble import MailboxTrouble, in_plain_words

KEYWORD = "$HelpdeskTaken"
"""Our own mark on a mail whose row is committed. It is for people to see: what was fetched is known by UID, so that
a restored back-up of the database fetches again what it does not know."""

PLACE = ("host", "port", "username", "folder")
"""What makes it another mailbox: its numbering then begins anew."""


@dataclass(frozen=True)
class Account:
    """Where a mailbox is and how to get in. `security` is tls, starttls or plain."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    moved_to: str = ""
    timeout_s: int = 30
    may_be_private: bool = True


@dataclass(frozen=True)
class Folder:
    """The open folder: `uid_next` is 0 where the server does not say."""

    uidvalidity: int
    uid_next: int
    count: int
    takes_keywords: bool


@contextmanager
def signed_in(account: Account) -> Iterator[IMAPClient]:
    """A connection that is signed in. Raises MailboxTrouble, in plain words, for whatever goes wrong inside."""
    client = None
    try:
        refuse_private(account)
        tls = ssl.create_default_context()
        client = IMAPClient(
            account.host,
            account.port,
            ssl=account.security == "tls",
            ssl_context=tls if account.security == "tls" else None,
            timeout=SocketTimeout(account.timeout_s, account.timeout_s),
        )
        # The name may lead elsewhere by now; nothing has been said to that server yet.
        _refuse_private_address(account, client.socket().getpeername()[0])
        if account.security == "starttls":
            if not client.has_capability("STARTTLS"):
                raise MailboxTrouble(_("%(host)s offers no STARTTLS on port %(port)s.", **_at(account)))
            client.starttls(tls)
        if client.has_capability("LOGINDISABLED"):
            raise MailboxTrouble(
                _("%(host)s takes passwords only over an encrypted connection: choose TLS.", **_at(account))
            )
        client.login(account.username, account.password)
        yield client
    except (OSError, IMAPClientError, UnicodeError) as error:
        raise in_plain_words(error, account.host, account.port) from error
    finally:
        _leave(client)


def open_folder(client: IMAPClient, account: Account, *, only_look: bool = False) -> Folder:
    """Open the account's folder. Raises MailboxTrouble that names the folders there are if it is missing."""
    must_exist(client, account.folder)
    said = client.select_folder(account.folder, readonly=only_look)
    flags = {flag.lower() for flag in said.get(b"PERMANENTFLAGS", ())}
    return Folder(
        uidvalidity=int(said.get(b"UIDVALIDITY", 0)),
        uid_next=int(said.get(b"UIDNEXT", 0)),
        count=int(said.get(b"EXISTS", 0)),
        takes_keywords=b"\\*" in flags or KEYWORD.lower().encode() in flags,
    )


def must_exist(client: IMAPClient, folder: str) -> None:
    """Raise MailboxTrouble, naming the folders there are, when there is none called `folder`."""
    if client.folder_exists(folder):
        return
    names = sorted(str(name) for _flags, _separator, name in client.list_folders())[:20]
    raise MailboxTrouble(
        _("There is no folder %(folder)s. There are: %(names)s.", folder=folder, names=", ".join(names))
    )


def uids_after(client: IMAPClient, uid: int) -> list[int]:
    """The UIDs beyond `uid`, ascending. `n:*` always names the last mail too, hence the second look."""
    return sorted(one for one in client.search(["UID", f"{uid + 1}:*"]) if one > uid)


def uids_up_to(client: IMAPClient, uid: int) -> list[int]:
    """The UIDs that still lie in the folder, from the first to `uid`."""
    return sorted(one for one in client.search(["UID", f"1:{uid}"]) if one <= uid) if uid else []


def sizes(client: IMAPClient, uids: Sequence[int]) -> dict[int, int]:
    """UID → bytes, of those that are still there."""
    said = client.fetch(uids, ["RFC822.SIZE"]) if uids else {}
    return {uid: int(said[uid][b"RFC822.SIZE"]) for uid in uids if b"RFC822.SIZE" in said.get(uid, {})}


def bodies(client: IMAPClient, uids: Sequence[int]) -> dict[int, bytes]:
    """UID → the whole mail, unread mail staying unread."""
    said = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
    return {uid: bytes(said[uid][b"BODY[]"] or b"") for uid in uids if b"BODY[]" in said.get(uid, {})}


def head(client: IMAPClient, uid: int) -> bytes:
    """The headers of a mail that is too large to take; empty if it is gone."""
    said = client.fetch([uid], ["BODY.PEEK[HEADER]"])
    return bytes(said.get(uid, {}).get(b"BODY[HEADER]") or b"")


def mark(client: IMAPClient, folder: Folder, uids: Iterable[int], moved_to: str) -> None:
    """Show that these are taken: moved to `moved_to` if it names a folder, else by our keyword, else not at all.

    Never \\Seen. A server without MOVE gets COPY and an expunge of exactly these; without UIDPLUS they stay, marked.
    """
    uids = list(uids)
    if not uids:
        return
    if moved_to and client.has_capability("MOVE"):
        client.move(uids, moved_to)
    elif moved_to and client.has_capability("UIDPLUS"):
        client.copy(uids, moved_to)
        client.delete_messages(uids, silent=True)
        client.uid_expunge(uids)
    elif folder.takes_keywords:
        client.add_flags(uids, [KEYWORD.encode()], silent=True)


def can_move(client: IMAPClient) -> bool:
    """Whether mail can be moved without touching any other mail."""
    return client.has_capability("MOVE") or client.has_capability("UIDPLUS")


def refuse_private(account: Account) -> None:
    """Raise MailboxTrouble for a host inside our own network, unless IMAP_ALLOW_PRIVATE lets it be."""
    if account.may_be_private:
        return
    for found in socket.getaddrinfo(account.host, account.port, type=socket.SOCK_STREAM):
        _refuse_private_address(account, str(found[4][0]))


def _refuse_private_address(account: Account, address: str) -> None:
    if not account.may_be_private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
        raise MailboxTrouble(
            _("%(host)s is inside a private network, and IMAP_ALLOW_PRIVATE forbids that here.", host=account.host)
        )


def _at(account: Account) -> dict[str, str | int]:
    return {"host": account.host, "port": account.port}


def _leave(client: IMAPClient | None) -> None:
    """Sign out politely if the server still listens; the connection is closed in any case."""
    if client is None:
        return
    with suppress(OSError, IMAPClientError):
        client.logout()
    with suppress(OSError, IMAPClientError):
        client.shutdown()
