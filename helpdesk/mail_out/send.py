"""Sending one mail: hold it, make its bytes, hand them over, record what became of it.

No transaction is open while a network answers. Whoever calls this, how often, and whoever died in between: the row
decides.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.exc import OperationalError

from helpdesk.blobs import store
from helpdesk.core import logs
from helpdesk.core.db import db, transaction
from helpdesk.core.kill_points import here
from helpdesk.core.leases import renewed
from helpdesk.mail_out.address import is_address, on_the_wire
from helpdesk.mail_out.attempt import Attempt, Open, Superseded, take
from helpdesk.mail_out.compose import compose, wants_utf8
from helpdesk.mail_out.delivery import Envelope, Fate
from helpdesk.mail_out.models import OutboundMail
from helpdesk.mail_out.settle import RESENDS_MAX, settle
from helpdesk.mail_out.transport import outgoing_is_off, transport
from helpdesk.mail_out.words import trouble

log = logging.getLogger(__name__)

CRASHES_MAX = 5
COMPOSE_TRIES = 3
SETTLE_PAUSES_S = (0, 1, 3, 10, 30)
"""The mail may be at its recipient's already: worth some patience with a database that restarts."""


class CannotCompose(Exception):
    """The bytes cannot be made: a bug or an impossible row."""


class FilesAway(Exception):
    """The store does not hand out an attachment right now."""


def send_mail(mail_id: int) -> None:
    """Try once to send the mail, if it is due. Does nothing while SMTP_URL is empty."""
    if outgoing_is_off():
        return
    attempt = take(mail_id)
    if attempt is None:
        return
    here("mail_out.leased")
    logs.bind(trace=attempt.mail.trace, outbound=mail_id)
    with renewed(OutboundMail, attempt.is_ours, seconds=current_app.config["LEASE_S"]):
        _make(attempt)


def _make(attempt: Attempt) -> None:
    fates = _without_trying(attempt)
    if len(fates) < len(attempt.open):
        try:
            fates.update(_try(attempt, [each for each in attempt.open if each.id not in fates]))
        except Superseded:
            log.warning("Mail %s: attempt %s took too long and was taken over", attempt.mail_id, attempt.number)
            return
        except Exception as error:
            fates.update(_after(error, attempt, fates))
    _settle_patiently(attempt, fates)


def _without_trying(attempt: Attempt) -> dict[int, Fate]:
    """The recipients whose fate is decided before anything is sent."""
    fates = {}
    for recipient in attempt.open:
        if not is_address(recipient.address):
            fates[recipient.id] = Fate("refused", trouble=trouble("bad_address", address=recipient.address))
        elif recipient.is_uncertain and recipient.resent >= RESENDS_MAX:
            # The worker that sent it again died after the final dot.
            fates[recipient.id] = Fate("lost")
        elif attempt.mail.crashes > CRASHES_MAX:
            fates[recipient.id] = Fate("refused", trouble=trouble("crashed", times=attempt.mail.crashes))
    return fates


def _try(attempt: Attempt, recipients: Sequence[Open]) -> dict[int, Fate]:
    mail = attempt.mail
    try:
        way_out = transport()
    except ValueError as error:
        return dict.fromkeys((each.id for each in recipients), Fate("later", trouble=trouble("settings", said=error)))
    if not is_address(mail.from_address):
        why = trouble("bad_sender", address=mail.from_address)
        return dict.fromkeys((each.id for each in recipients), Fate("refused", trouble=why))
    by_address: dict[str, list[Open]] = {}
    for recipient in recipients:
        by_address.setdefault(on_the_wire(recipient.address), []).append(recipient)
    envelope = Envelope(
        mail_id=mail.id,
        # RFC 3834, 4: what a machine wrote asks for no bounce, so that no machine answers it.
        sender="" if mail.automatic else on_the_wire(mail.from_address),
        recipients=tuple(by_address),
        data=bytes_of(mail),
        utf8=wants_utf8(mail),
    )
    mark = partial(_mark, attempt, by_address)
    # Nothing that was read above may keep a transaction open while the network answers.
    db.session.rollback()
    fates = way_out.deliver(envelope, mark)
    return {each.id: fate for address, fate in fates.items() for each in by_address[address]}


def _mark(attempt: Attempt, by_address: Mapping[str, list[Open]], accepted: Sequence[str]) -> None:
    recipients = [recipient for address in accepted for recipient in by_address[address]]
    attempt.mark_the_dot(recipients)


def bytes_of(mail: OutboundMail) -> bytes:
    """The mail's bytes: made once, kept, and the very same ever after. Raises CannotCompose, FilesAway."""
    try:
        if mail.raw_sha256:
            return store.get(mail.raw_sha256)
        files = [(about, store.get(about["sha256"])) for about in mail.attachments]
    except Exception as error:
        raise FilesAway() from error
    try:
        data = compose(mail, files, mail.created_at.astimezone(ZoneInfo(current_app.config["TIMEZONE"])))
    except Exception as error:
        raise CannotCompose() from error
    sha256 = store.put(data)
    here("mail_out.composed")
    with transaction():
        mail.raw_sha256 = sha256
    here("mail_out.bytes_recorded")
    return data


def _after(error: Exception, attempt: Attempt, decided: Mapping[int, Fate]) -> dict[int, Fate]:
    """The fates when something raised: never for ever, and always to be seen."""
    log.exception("Mail %s: attempt %s failed", attempt.mail_id, attempt.number, exc_info=error)
    fates = {}
    for recipient in attempt.open:
        if recipient.id in decided:
            continue
        if recipient.id in attempt.past_the_dot:
            fates[recipient.id] = Fate("lost")
        elif isinstance(error, FilesAway):
            fates[recipient.id] = Fate("later", trouble=trouble("store"))
        elif isinstance(error, CannotCompose):
            last_try = attempt.mail.delays + 1 >= COMPOSE_TRIES
            fates[recipient.id] = Fate("refused" if last_try else "later", trouble=trouble("compose"))
        else:
            fates[recipient.id] = Fate("later", trouble=trouble("unforeseen"))
    return fates


def _settle_patiently(attempt: Attempt, fates: Mapping[int, Fate]) -> None:
    for pause in SETTLE_PAUSES_S:
        time.sleep(pause)
        try:
            settle(attempt, fates)
            return here("mail_out.settled")
        except OperationalError:
            log.warning("The database does not answer; what became of mail %s is kept in memory", attempt.mail_id)
    return settle(attempt, fates)
