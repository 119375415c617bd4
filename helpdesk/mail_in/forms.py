"""The room's forms. The acts judge what they say."""

from sqlalchemy import select
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, SelectField, StringField

from helpdesk.cases.models import Queue
from helpdesk.core.db import db
from helpdesk.core.forms import Form
from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_in.discard import REASON_MAX
from helpdesk.mail_in.mailbox_settings import LENGTHS, MailboxFields


class MailboxForm(Form):
    """What add_mailbox(), change_mailbox() and try_out() judge. The password is never shown again."""

    name = StringField(_l("Name"), render_kw={"required": True, "maxlength": LENGTHS["name"]})
    queue_id = SelectField(_l("Queue"), coerce=int, description=_l("Where its mail opens cases."))
    host = StringField(
        _l("IMAP server"),
        description=_l("Such as imap.example.com."),
        render_kw={"required": True, "maxlength": LENGTHS["host"], "autocomplete": "off", "spellcheck": "false"},
    )
    port = IntegerField(_l("Port"), default=993, render_kw={"required": True, "inputmode": "numeric"})
    security = SelectField(
        _l("Encryption"),
        default="tls",
        choices=[
            ("tls", _l("TLS (port 993)")),
            ("starttls", _l("STARTTLS (port 143)")),
            ("plain", _l("none: only within your own network")),
        ],
    )
    username = StringField(
        _l("User name"),
        description=_l("Most often the whole e-mail address."),
        render_kw={"required": True, "maxlength": LENGTHS["username"], "autocomplete": "off", "spellcheck": "false"},
    )
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "new-password"})
    folder = StringField(_l("Folder"), default="INBOX", render_kw={"required": True, "maxlength": LENGTHS["folder"]})
    after = RadioField(
        _l("Mail that is taken"),
        default="flag",
        choices=[
            ("flag", _l("stays where it is, unread, with a mark of ours")),
            ("move", _l("is moved to another folder")),
        ],
    )
    moved_to = StringField(_l("That folder"), render_kw={"maxlength": LENGTHS["moved_to"]})
    skips_old = BooleanField(_l("Leave alone what lies there already"))
    active = BooleanField(_l("Look for new mail"), default=True)

    def offer_queues(self) -> "MailboxForm":
        """Fill in the queues there are."""
        rows = db.session.execute(select(Queue.id, Queue.name).where(Queue.active).order_by(Queue.name)).all()
        self.queue_id.choices = [(queue_id, name) for queue_id, name in rows]
        return self

    def fields(self) -> MailboxFields:
        """What was typed and ticked. What is no number becomes 0, which the acts refuse."""
        return MailboxFields(
            name=(self.name.data or "").strip(),
            queue_id=self.queue_id.data or 0,
            host=(self.host.data or "").strip(),
            port=self.port.data or 0,
            security=self.security.data or "",
            username=(self.username.data or "").strip(),
            folder=(self.folder.data or "").strip(),
            after=self.after.data or "",
            moved_to=(self.moved_to.data or "").strip(),
            skips_old=self.skips_old.data,
            active=self.active.data,
        )


class DiscardForm(Form):
    """Why a mail is discarded."""

    reason = StringField(_l("Reason"), render_kw={"required": True, "maxlength": REASON_MAX})


class LetInForm(Form):
    """Onto which case a mail goes."""

    number = IntegerField(_l("Case number"), render_kw={"required": True, "inputmode": "numeric"})
