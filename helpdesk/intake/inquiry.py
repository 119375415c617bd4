"""What somebody asks by a form or a program, and what may stand in each field."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import EmailField, MultipleFileField, StringField, TelField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from helpdesk.blobs.files import FileRef
from helpdesk.core.i18n import _
from helpdesk.core.i18n import lazy as _l
from helpdesk.mail_out.plain import clean_text, one_line

LINE_MAX = 200
PHONE_MAX = 50
EMAIL_MAX = 254
MESSAGE_MAX = 50_000
SUBJECT_FROM_MESSAGE = 80
TEXT_FIELDS = ("name", "email", "company", "phone", "topic", "message")


@dataclass(frozen=True)
class Inquiry:
    """One inquiry, checked. Everything but `message` is one line."""

    name: str
    email: str
    message: str
    company: str = ""
    phone: str = ""
    topic: str = ""
    language: str = "en"
    files: tuple[FileRef, ...] = ()

    @property
    def subject(self) -> str:
        """The topic, else the beginning of the message."""
        words = " ".join(self.message[: SUBJECT_FROM_MESSAGE * 4].split())
        short = words if len(words) <= SUBJECT_FROM_MESSAGE else words[: SUBJECT_FROM_MESSAGE - 1].rstrip() + "…"
        return self.topic or short

    def as_json(self) -> bytes:
        """Everything that was sent, for the ledger; files by their hash."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1).encode()

    def content_hash(self) -> str:
        """The same words and files have the same hash, in whatever language the page was."""
        return hashlib.sha256(json.dumps({**asdict(self), "language": ""}, sort_keys=True).encode()).hexdigest()


def _one_line(value: Any) -> str:
    return one_line(value or "", MESSAGE_MAX)


def _paragraphs(value: Any) -> str:
    return clean_text(value or "").strip()


def _said(sentence: Any) -> Any:
    """Something other than blanks; `sentence` asks for it."""

    def check(_form: Any, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(sentence))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


def _at_most(most: int) -> Length:
    return Length(max=most, message=_l("This is longer than %(most)s characters.", most=most))


def _address(_form: Any, field: Any) -> None:
    try:
        found = validate_email(field.data, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValidationError(_("This does not look like an e-mail address. Is there a typing mistake?"))
    field.data = found.normalized


class InquiryForm(FlaskForm):
    """The fields of an inquiry, for page and programs alike. `website` is a trap: people do not see it."""

    class Meta:
        """No session stands behind it, so there is nothing that a foreign site could misuse (see web.py)."""

        csrf = False

    name = StringField(_l("Your name"), [_said(_l("Please say who you are.")), _at_most(LINE_MAX)], filters=[_one_line])
    email = EmailField(
        _l("Your e-mail address"),
        [_said(_l("We need an address to answer to.")), _at_most(EMAIL_MAX), _address],
        filters=[_one_line],
    )
    company = StringField(_l("Company"), [Optional(), _at_most(LINE_MAX)], filters=[_one_line])
    phone = TelField(_l("Phone"), [Optional(), _at_most(PHONE_MAX)], filters=[_one_line])
    topic = StringField(_l("What is it about?"), [Optional(), _at_most(LINE_MAX)], filters=[_one_line])
    message = TextAreaField(
        _l("Your message"),
        [_said(_l("Please tell us what we can do for you.")), _at_most(MESSAGE_MAX)],
        filters=[_paragraphs],
    )
    files = MultipleFileField(_l("Files"), [Optional()])
    website = StringField(_l("Leave this empty"))

    def inquiry(self, language: str, files: tuple[FileRef, ...] = ()) -> Inquiry:
        """The checked fields; call after validate() said yes."""
        return Inquiry(
            **{name: self[name].data for name in TEXT_FIELDS},
            language=language,
            files=files,
        )
