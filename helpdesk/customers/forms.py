"""The room's forms. The acts judge what they say; a form only carries it, and what is wrong stands beside its field."""

from typing import Any

from flask import url_for
from markupsafe import Markup
from wtforms import RadioField, SelectField, StringField, TextAreaField

from helpdesk.core.errors import InvalidInput
from helpdesk.core.forms import Form
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l
from helpdesk.customers.errors import Taken
from helpdesk.customers.fields import ABOUT_MAX, COUNTRIES
from helpdesk.customers.wording import ADDRESS_WORDS, KIND_WORDS, LANGUAGE_WORDS, STAGE_WORDS, country_words


def _line(label: Any, most: int = 300, hint: Any = "", **attributes: Any) -> StringField:
    return StringField(
        label,
        description=hint,
        render_kw={"maxlength": most, "autocomplete": "off", "spellcheck": "false"} | attributes,
    )


def _email(**attributes: Any) -> StringField:
    return _line(_l("E-mail"), 320, inputmode="email", **attributes)


def _phone() -> StringField:
    return _line(_l("Phone"), 60, inputmode="tel")


class RegisterForm(Form):
    """A form of the register."""

    def show_refusal(self, error: InvalidInput) -> None:
        """Put the sentences under their fields; another customer who has the value already is a link."""
        super().show_refusal(error)
        if isinstance(error, Taken) and error.field in self._fields:
            link = Markup('<a href="{}">{}</a>').format(
                url_for("customers.show", customer_id=error.customer_id), _("Open the record")
            )
            field: Any = self._fields[error.field]
            field.errors = [*field.errors, link]


class CustomerForm(RegisterForm):
    """What the register says of a customer."""

    kind = RadioField(_l("Kind"), choices=list(KIND_WORDS.items()), default="company")
    name = _line(_l("Name"), required=True)
    org_no = _line(_l("Organisation number"), 20, _l("Nine digits, for a Norwegian company."), inputmode="numeric")
    industry = _line(_l("Industry"), 200)
    website = _line(_l("Website"))
    language = SelectField(_l("Language"), choices=list(LANGUAGE_WORDS.items()))
    about = TextAreaField(_l("About them"), render_kw={"rows": 4, "maxlength": ABOUT_MAX})


class NewCustomerForm(CustomerForm):
    """A customer to be, with the first ways to reach them."""

    stage = SelectField(_l("Stage"), choices=list(STAGE_WORDS.items()), default="prospect")
    email = _email()
    phone = _phone()


class ContactForm(RegisterForm):
    """A person at a customer."""

    name = _line(_l("Name"), required=True)
    position = _line(_l("Position"), 200)


class NewContactForm(ContactForm):
    """A new person, with the first ways to reach them."""

    email = _email()
    phone = _phone()


class PointForm(RegisterForm):
    """One more e-mail address or phone number."""

    value = _line(_l("E-mail or phone"), 320)


class AddressForm(RegisterForm):
    """A postal address."""

    kind = SelectField(_l("What for"), choices=list(ADDRESS_WORDS.items()))
    street = _line(_l("Street"))
    postcode = _line(_l("Postcode"), 20)
    city = _line(_l("City"), 200)
    country = SelectField(_l("Country"), default="NO")

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        named = sorted(((code, country_words(code)) for code in COUNTRIES), key=lambda country: country[1])
        self.country.choices = [("NO", country_words("NO")), *[one for one in named if one[0] != "NO"]]
