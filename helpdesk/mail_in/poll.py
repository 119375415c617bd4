"""Fetching what is new in a mailbox: a row for each mail, committed before the mail is marked as taken.

What was fetched is known by (mailbox, UIDVALIDITY, UID); two pollers at once, a cut connection or a kill in the
middle lose nothing and double nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from imapclient import IMAPClient
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import DBAPIError

from helpdesk.blobs.store import Kept, keep
from helpdesk.core import logs, secret_box, tally
from helpdesk.core.db import after_commit, db, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import _
from helpdesk.core.jobs import wake
from helpdesk.core.kill_points import here
from helpdesk.core.leases import give_back, lease, renewed
from helpdesk.core.over_again import over_again
from helpdesk.mail_in.doors import imap
from helpdesk.mail_in.doors.imap_trouble import MailboxTrouble
from helpdesk.mail_in.models import InboundMail, Mailbox
from helpdesk.mail_in.receive import Delivery, enter_in_ledger

log = logging.getLogger(__name__)

POLL = "default.poll_mailbox"
"""In a line of its own, so that new mail is fetched while much is still to be read."""
BATCH_MAILS = 20
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Fetched:
    """One mail of a batch: whole, or only its head when `size` is more than we take."""

    uid: int
    size: int
    raw: bytes
    is_whole: bool


@dataclass(frozen=True)
class Visit:
    """One poll of one mailbox: how it was reached, and the folder as it was found."""

    mailbox: Mailbox
    account: imap.Account
    folder: imap.Folder


def wake_polls() -> None:
    """Wake a worker for each mailbox that is active and in nobody's hands."""
    free = or_(Mailbox.leased_until.is_(None), Mailbox.leased_until < func.now())
    for mailbox_id in db.session.scalars(select(Mailbox.id).where(Mailbox.active, free).order_by(Mailbox.id)).all():
        wake(POLL, mailbox_id)


def poll_mailbox(mailbox_id: int) -> None:
    """Fetch what is new, if nobody else is at it; afterwards the mailbox says how it went."""
    seconds = current_app.config["LEASE_S"]
    mailbox = lease(Mailbox, mailbox_id, Mailbox.active, seconds=seconds)
    if mailbox is None:
        return
    here("imap.leased")
    ours = (Mailbox.id == mailbox_id, Mailbox.attempts == mailbox.attempts)
    problem = ""
    logs.bind(mailbox=mailbox_id)
    try:
        account = account_of(mailbox)
        with renewed(Mailbox, *ours, seconds=seconds), imap.signed_in(account) as client:
            _fetch_new(client, account, mailbox)
    except HelpdeskError as trouble:
        problem = str(trouble)
        log.warning("Mailbox %s: %s", mailbox_id, trouble.code)
    except DBAPIError:
        give_back(Mailbox, *ours)  # The next poll goes on where this one was.
        raise
    except Exception:
        problem = _("Something went wrong on our side. It has been logged; the next poll tries again.")
        log.exception("Mailbox %s could not be polled", mailbox_id)
    db.session.rollback()
    with transaction() as session:
        went_well = {"succeeded_at": func.now(), "attempts": 0} if not problem else {}
        session.execute(
            update(Mailbox).where(*ours).values(leased_until=None, polled_at=func.now(), problem=problem, **went_well)
        )
    here("imap.poll_recorded")


def account_of(mailbox: Mailbox) -> imap.Account:
    """How to get into the mailbox. Raises CannotOpen if its password can no longer be read."""
    settings = current_app.config
    return imap.Account(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        username=mailbox.username,
        password=secret_box.unlock(mailbox.secret),
        folder=mailbox.folder,
        moved_to=mailbox.moved_to if mailbox.after == "move" else "",
        timeout_s=settings["IMAP_TIMEOUT_S"],
        may_be_private=settings["IMAP_ALLOW_PRIVATE"],
    )


def _fetch_new(client: IMAPClient, account: imap.Account, mailbox: Mailbox) -> None:
    if account.moved_to:
        imap.must_exist(client, account.moved_to)
    visit = Visit(mailbox, account, imap.open_folder(client, account))
    if mailbox.uidvalidity != visit.folder.uidvalidity:
        _start_over(visit)
    if mailbox.attempts > 1:
        # The last poll did not come to its end: some mail may be committed and not marked.
        left = imap.uids_up_to(client, mailbox.last_uid)
        imap.mark(client, visit.folder, sorted(_known(visit, left)), account.moved_to)
    for batch in _batches(client, imap.uids_after(client, mailbox.last_uid)):
        fetched = list(_fetch(client, batch))
        here("imap.fetched")
        kept = {one.uid: keep(one.raw) for one in fetched}
        here("imap.bytes_kept")
        _commit(visit, fetched, kept, up_to=max(batch))
        here("imap.rows_committed")
        imap.mark(client, visit.folder, [one.uid for one in fetched], account.moved_to)
        here("imap.marked")


@over_again
def _start_over(visit: Visit) -> None:
    """The first poll, or the server numbers its mails anew: what we have already is known by its content."""
    with transaction():
        mailbox = _locked(visit)
        is_first = mailbox.uidvalidity is None
        mailbox.uidvalidity = visit.folder.uidvalidity
        mailbox.last_uid = max(visit.folder.uid_next - 1, 0) if is_first and mailbox.skips_old else 0


def _locked(visit: Visit) -> Mailbox:
    """The mailbox's present row, held until the transaction ends: pollers commit one after the other.

    Raises MailboxTrouble when somebody made it another mailbox since this poll began: our numbers mean other mails now.
    """
    query = select(Mailbox).where(Mailbox.id == visit.mailbox.id).with_for_update(of=Mailbox)
    mailbox = db.session.execute(query.execution_options(populate_existing=True)).scalar_one()
    if any(getattr(mailbox, name) != getattr(visit.account, name) for name in imap.PLACE):
        raise changed_meanwhile()
    return mailbox


def changed_meanwhile() -> MailboxTrouble:
    """Somebody else changed the mailbox, or found that its server numbers mails anew, while we read it."""
    return MailboxTrouble(_("The mailbox was changed while it was read. The next poll goes on."))


def _batches(client: IMAPClient, uids: list[int]) -> Iterator[dict[int, int]]:
    """UID → size, so many at a time that a batch is BATCH_MAILS mails or little more than BATCH_BYTES."""
    for start in range(0, len(uids), BATCH_MAILS):
        batch: dict[int, int] = {}
        for uid, size in imap.sizes(client, uids[start : start + BATCH_MAILS]).items():
            batch[uid] = size
            if sum(batch.values()) >= BATCH_BYTES:
                yield batch
                batch = {}
        if batch:
            yield batch


def _fetch(client: IMAPClient, batch: dict[int, int]) -> Iterator[Fetched]:
    limit = current_app.config["MAIL_MAX_BYTES"]
    whole = imap.bodies(client, [uid for uid, size in batch.items() if size <= limit])
    for uid, size in sorted(batch.items()):
        if size > limit:
            yield Fetched(uid, size, imap.head(client, uid), is_whole=False)
        elif uid in whole:
            yield Fetched(uid, size, whole[uid], is_whole=True)
        elif imap.sizes(client, [uid]):
            # It is there and was not handed over: going on would pass it by for good.
            raise MailboxTrouble(_("The server lists a mail (number %(uid)s) and does not hand it over.", uid=uid))


@over_again
def _commit(visit: Visit, fetched: list[Fetched], kept: dict[int, Kept], up_to: int) -> None:
    """A ledger row for each mail, and how far we are: all in one transaction, the bytes before it."""
    with transaction() as session:
        mailbox = _locked(visit)
        if mailbox.uidvalidity != visit.folder.uidvalidity:
            raise changed_meanwhile()
        known = _known(visit, [one.uid for one in fetched])
        for one in fetched:
            if one.uid not in known:
                _enter(mailbox, one, kept[one.uid])
                mailbox.fetched += 1
        mailbox.last_uid = max(mailbox.last_uid, up_to)
        session.flush()
        here("imap.rows_inserted")


def _known(visit: Visit, uids: list[int]) -> set[int]:
    """Those of `uids` that have their row."""
    return set(
        db.session.scalars(
            select(InboundMail.uid).where(
                InboundMail.mailbox_id == visit.mailbox.id,
                InboundMail.uidvalidity == visit.folder.uidvalidity,
                InboundMail.uid.in_(uids),
            )
        )
    )


def _enter(mailbox: Mailbox, one: Fetched, kept: Kept) -> None:
    delivery = Delivery("imap", mailbox.queue, mailbox=mailbox, uidvalidity=mailbox.uidvalidity, uid=one.uid)
    row = enter_in_ledger(kept, delivery)
    if not one.is_whole:
        row.outcome, row.rule, row.size, row.done_at = "refused", "too_large", one.size, func.now()
        row.evidence = {"size": one.size, "limit": current_app.config["MAIL_MAX_BYTES"]}
        after_commit(lambda: tally.count("mails_read", "imap", "refused"))
