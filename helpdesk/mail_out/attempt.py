"""One worker's hold on one mail: taken under a lease, and fenced, so that a late worker changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import Integer, and_, cast, func, or_, select, text, update

from helpdesk.core.db import transaction
from helpdesk.core.leases import lease
from helpdesk.mail_out.models import OutboundMail, Recipient


class Superseded(Exception):
    """The lease ran out, and the mail is another worker's now."""


@dataclass(frozen=True)
class Open:
    """A recipient that does not have the mail yet, as it stood when the attempt began."""

    id: int
    address: str
    state: str
    resent: int

    @property
    def is_uncertain(self) -> bool:
        """Whether an earlier attempt got past the final dot."""
        return self.state == "uncertain"


@dataclass
class Attempt:
    """`number` is the mail's count of attempts when this one began: once it is higher, somebody else has the mail.

    `mail_id` stands beside the row because a rolled back row is read anew, which a database that is away refuses.
    """

    mail: OutboundMail
    mail_id: int
    number: int
    open: list[Open]
    past_the_dot: set[int] = field(default_factory=set)
    """Ids of the recipients whose final dot was sent, or was just about to be."""

    def mark_the_dot(self, recipients: Sequence[Open]) -> None:
        """Write down that the final dot is about to be sent for these.

        A worker that dies after this leaves `uncertain` behind, one that dies before leaves `waiting`: that is how the
        next one knows. Raises Superseded.
        """
        ids = {recipient.id for recipient in recipients}
        with transaction() as session:
            held: Any = session.execute(
                update(OutboundMail)
                .where(self.is_ours, OutboundMail.leased_until > func.now())
                .values(leased_until=func.now() + text(f"interval '{current_app.config['LEASE_S']} seconds'"))
                .execution_options(synchronize_session=False)
            )
            if not held.rowcount:
                raise Superseded()
            session.execute(
                update(Recipient)
                .where(Recipient.id.in_(ids))
                .values(resent=Recipient.resent + cast(Recipient.state == "uncertain", Integer), state="uncertain")
                .execution_options(synchronize_session=False)
            )
        self.past_the_dot = ids

    @property
    def is_ours(self) -> Any:
        """The condition that holds as long as nobody has taken the mail from us."""
        return and_(
            OutboundMail.id == self.mail_id, OutboundMail.state == "sending", OutboundMail.attempts == self.number
        )


def take(mail_id: int) -> Attempt | None:
    """Hold the mail and commit that it is being sent, before any network is touched.

    None: not due, settled, gone, or another worker's.
    """
    due = OutboundMail.next_try_at <= func.now()
    is_due = or_(OutboundMail.state == "sending", and_(OutboundMail.state.in_(("queued", "delayed", "uncertain")), due))
    with transaction() as session:
        mail = lease(OutboundMail, mail_id, is_due, seconds=current_app.config["LEASE_S"])
        if mail is None:
            return None
        if mail.state == "sending":
            mail.crashes += 1
        mail.state = "sending"
        mail.first_tried_at = mail.first_tried_at or session.scalar(select(func.now()))
        open_ = [
            Open(each.id, each.address, each.state, each.resent)
            for each in recipients_of(mail)
            if each.state in ("waiting", "uncertain")
        ]
    return Attempt(mail, mail.id, mail.attempts, open_)


def recipients_of(mail: OutboundMail) -> list[Recipient]:
    """The mail's recipients as the database has them now."""
    with transaction() as session:
        session.execute(
            select(Recipient).where(Recipient.mail_id == mail.id).execution_options(populate_existing=True)
        ).all()
        session.refresh(mail, ["recipients"])
    return mail.recipients
