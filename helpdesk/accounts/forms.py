"""The room's forms. The acts judge what they say; a form only carries it, so that page and command line agree."""

from typing import Any

from wtforms import EmailField, PasswordField, SelectField, StringField, TextAreaField

from helpdesk.accounts.passwords import LENGTH_ADVISED
from helpdesk.core.forms import Form
from helpdesk.core.i18n import lazy as _l

ROLE_CHOICES = [
    ("agent", _l("Agent: claims and answers cases")),
    ("reader", _l("Reader: sees customers and reports, answers nobody")),
    ("admin", _l("Admin: an agent who may change the settings")),
]
LANGUAGE_CHOICES = [("en", "English"), ("nb", "Norsk bokmål")]
ADVICE = _l("%(advised)s characters or more, such as several words in a row.", advised=LENGTH_ADVISED)


def new_password(label: Any) -> PasswordField:
    """A field for a password that is being chosen."""
    return PasswordField(label, description=ADVICE, render_kw={"autocomplete": "new-password", "required": True})


class SignInForm(Form):
    """Address and password."""

    email = EmailField(_l("E-mail"), render_kw={"autocomplete": "username", "required": True, "maxlength": 320})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password", "required": True})


class ForgottenForm(Form):
    """An address to which a link goes."""

    email = EmailField(_l("E-mail"), render_kw={"autocomplete": "username", "required": True, "maxlength": 320})


class FirstAdminForm(Form):
    """The first set-up."""

    name = StringField(_l("Your name"), render_kw={"autocomplete": "name", "required": True, "maxlength": 200})
    email = EmailField(_l("Your e-mail"), render_kw={"autocomplete": "username", "required": True, "maxlength": 320})
    password = new_password(_l("Password"))


class JoinForm(Form):
    """A password by a link."""

    password = new_password(_l("New password"))


class MeForm(Form):
    """What everybody may change about themselves."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "name", "required": True, "maxlength": 200})
    language = SelectField(_l("Language"), choices=LANGUAGE_CHOICES)
    signature = TextAreaField(
        _l("Signature"), description=_l("Stands below your answers."), render_kw={"rows": 4, "maxlength": 2000}
    )


class PasswordForm(Form):
    """A new password for oneself."""

    old = PasswordField(_l("Present password"), render_kw={"autocomplete": "current-password", "required": True})
    password = new_password(_l("New password"))


class InviteForm(Form):
    """A new colleague."""

    name = StringField(_l("Name"), render_kw={"required": True, "maxlength": 200, "autocomplete": "off"})
    email = EmailField(_l("E-mail"), render_kw={"required": True, "maxlength": 320, "autocomplete": "off"})
    role = SelectField(_l("Role"), choices=ROLE_CHOICES)


class AgentForm(Form):
    """A colleague's name, role and language."""

    name = StringField(_l("Name"), render_kw={"required": True, "maxlength": 200, "autocomplete": "off"})
    role = SelectField(_l("Role"), choices=ROLE_CHOICES)
    language = SelectField(_l("Language"), choices=LANGUAGE_CHOICES)
