"""The mail with a colleague's one-time link, where outgoing mail is set up."""

import secrets

from flask import current_app
from flask_babel import force_locale

from helpdesk.accounts.invite import LinkMade
from helpdesk.core.i18n import _
from helpdesk.mail_out.letter import Letter
from helpdesk.mail_out.outbox import put_in_outbox


def send(made: LinkMade) -> None:
    """Put the mail in the outbox, in its reader's language. Without SMTP_URL the admin alone sees the link."""
    settings = current_app.config
    if not settings["SMTP_URL"]:
        return
    domain = settings["MAIL_DOMAIN"]
    with force_locale(made.agent.language):
        put_in_outbox(
            Letter(
                kind="link",
                from_name=settings["COMPANY_NAME"],
                from_address=f"no-reply@{domain}",
                to=((made.agent.name, made.agent.email),),
                subject=_("Your invitation to %(company)s", company=settings["COMPANY_NAME"])
                if made.is_invitation
                else _("Choose a new password for %(company)s", company=settings["COMPANY_NAME"]),
                text=_text(made),
                message_id=f"<link.{secrets.token_hex(16)}@{domain}>",
                automatic=True,
                created_by_id=made.by.id if made.by else None,
            )
        )


def _text(made: LinkMade) -> str:
    settings = current_app.config
    if made.is_invitation:
        return _(
            "Hello %(name)s,\n\nyou are invited to the helpdesk of %(company)s. Choose a password here, and you are in:"
            "\n\n%(link)s\n\nThe link works once, within a day.",
            name=made.agent.name,
            company=settings["COMPANY_NAME"],
            link=made.link,
        )
    return _(
        "Hello %(name)s,\n\nhere you choose a new password for the helpdesk of %(company)s:\n\n%(link)s\n\n"
        "The link works once, within %(minutes)s minutes. If you did not ask for it, let it be: nothing has changed.",
        name=made.agent.name,
        company=settings["COMPANY_NAME"],
        link=made.link,
        minutes=settings["LINK_MINUTES"],
    )
