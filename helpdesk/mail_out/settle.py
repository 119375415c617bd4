"""What an attempt changes: the fate of each recipient, and with them the state of the mail."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from helpdesk.core import tally
from helpdesk.core.db import after_commit, transaction
from helpdesk.core.events import emit
from helpdesk.core.kill_points import here
from helpdesk.mail_out.attempt import Attempt, Open, recipients_of
from helpdesk.mail_out.backoff import pause_s
from helpdesk.mail_out.delivery import Fate
from helpdesk.mail_out.models import OutboundMail, Recipient
from helpdesk.mail_out.words import trouble

log = logging.getLogger(__name__)

RESENDS_MAX = 1


def settle(attempt: Attempt, fates: Mapping[int, Fate]) -> None:
    """Record the fates, by recipient id. A recipient without one stays as the attempt found it.

    Nothing is changed when the mail is no longer this attempt's. Emits mail_sent, mail_delayed or mail_failed.
    """
    before = {each.id: each for each in attempt.open}
    with transaction() as session:
        query = select(OutboundMail).where(attempt.is_ours).with_for_update()
        mail = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if mail is None:
            log.warning("Mail %s was taken over; what attempt %s saw is not recorded", attempt.mail_id, attempt.number)
            return
        for recipient in recipients_of(mail):
            if recipient.id in before:
                _apply(recipient, before[recipient.id], fates.get(recipient.id))
        _conclude(mail)
        here("mail_out.settling")
        after_commit(lambda: tell(mail))


def tell(mail: OutboundMail) -> None:
    """Count and log what became of an attempt."""
    tally.count("sends", mail.state)
    about = {"trace": mail.trace, "outbound": mail.id, "state": mail.state, "case_id": mail.case_id}
    log.info("Mail %s", mail.state, extra={"about": about | {"trouble": mail.trouble.get("code")}})


def _apply(recipient: Recipient, before: Open, fate: Fate | None) -> None:
    if fate is None or fate.fate == "later":
        # The server said no, or never saw the final dot: it was not sent this time, and what was before still holds.
        recipient.state, recipient.resent = before.state, before.resent
    elif fate.fate == "lost":
        # The final dot was sent and its answer never came. The second time it is taken for sent, and says so.
        recipient.state = "sent" if before.is_uncertain else "uncertain"
        here("mail_out.lost")
    else:
        recipient.state = "sent" if fate.fate == "sent" else "failed"
    if fate is not None:
        recipient.answer, recipient.trouble = fate.said, _trouble(before, fate)


def _trouble(before: Open, fate: Fate) -> dict[str, Any]:
    if fate.fate == "lost":
        return trouble("lost_twice" if before.is_uncertain else "lost")
    if fate.fate == "refused" and before.is_uncertain:
        return trouble("unknown", last=dict(fate.trouble))
    return dict(fate.trouble)


def _conclude(mail: OutboundMail) -> None:
    with transaction() as session:
        present = session.scalars(select(func.now())).one()
        told = mail.trouble.get("code")
        open_ = [each for each in mail.recipients if each.state in ("waiting", "uncertain")]
        if open_ and present - (mail.first_tried_at or present) > timedelta(
            days=current_app.config["SEND_GIVE_UP_DAYS"]
        ):
            _give_up(open_)
            open_ = []
        fresh = [each for each in mail.recipients if each.state in ("sent", "failed") and each.settled_at is None]
        for recipient in fresh:
            recipient.settled_at = present
        mail.leased_until = None
        mail.resent = max(each.resent for each in mail.recipients)
        if open_:
            _wait(mail, open_, present)
        else:
            _finish(mail, present)
        session.flush()
        if any(each.state == "failed" for each in fresh):
            emit("mail_failed", mail)
        elif not open_:
            emit("mail_sent", mail)
        elif mail.trouble.get("code") != told:
            emit("mail_delayed", mail)


def _give_up(recipients: list[Recipient]) -> None:
    days = current_app.config["SEND_GIVE_UP_DAYS"]
    for recipient in recipients:
        why = "unknown" if recipient.state == "uncertain" else "gave_up"
        recipient.trouble = trouble(why, days=days, last=recipient.trouble)
        recipient.state = "failed"


def _wait(mail: OutboundMail, open_: list[Recipient], present: datetime) -> None:
    mail.state = "uncertain" if any(each.state == "uncertain" for each in open_) else "delayed"
    mail.delays += 1
    mail.next_try_at = present + timedelta(seconds=pause_s(mail.delays))
    mail.trouble = open_[0].trouble


def _finish(mail: OutboundMail, present: datetime) -> None:
    failed = [each for each in mail.recipients if each.state == "failed"]
    mail.state = "failed" if failed else "sent"
    if len(failed) < len(mail.recipients):
        mail.sent_at = present
    if len(failed) == len(mail.recipients):
        mail.trouble = failed[0].trouble
    elif failed:
        mail.trouble = trouble("some_failed", addresses=[each.address for each in failed])
    else:
        mail.trouble = next((each.trouble for each in mail.recipients if each.trouble), {})
