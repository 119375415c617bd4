"""Every task there is: an id in, one call."""

import logging

from helpdesk.core.db import db
from helpdesk.mail_in.poll import poll_mailbox, wake_polls
from helpdesk.mail_in.sweep import sweep_inbound
from helpdesk.mail_in.work import read_what_waits
from helpdesk.mail_out.send import send_mail
from helpdesk.mail_out.sweep import sweep_outbox
from helpdesk.watch.heartbeat import beat
from workers.app import flask_app, task

log = logging.getLogger(__name__)

SWEEPS = [sweep_inbound, sweep_outbox]
"""Each looks for rows that are due and that nobody woke a worker for."""


@task("mail_in.read")
def read(inbound_id: int) -> None:
    """Read one mail that came in, unless that is done, and others that wait."""
    read_what_waits(inbound_id)


@task("default.poll", every_s=flask_app.config["IMAP_POLL_S"])
def poll() -> None:
    """Wake a task for each mailbox."""
    wake_polls()


@task("default.poll_mailbox")
def poll_one(mailbox_id: int) -> None:
    """Fetch what is new in one mailbox."""
    poll_mailbox(mailbox_id)


@task("mail_out.send")
def send(mail_id: int) -> None:
    """Send one mail of the outbox, if it is due."""
    send_mail(mail_id)


@task("default.sweep", every_s=flask_app.config["SWEEP_S"])
def sweep() -> None:
    """Every sweep, whatever became of the one before it."""
    for look in SWEEPS:
        try:
            look()
        except Exception:
            log.exception("The sweep %s failed", look.__name__)
            db.session.rollback()


@task("watch.heartbeat", every_s=flask_app.config["SWEEP_S"])
def heartbeat() -> None:
    """Show that beat wakes workers, and that a worker works."""
    beat()
